"""Which worlds a reset is about, and with which seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SEED_LIMIT = 2**31  # of those that are drawn


def mask_of(options: dict[str, Any] | None, *, count: int) -> NDArray[np.bool_]:
    """Return which of the worlds to reset, shape (count,): `options["reset_mask"]`, or all.

    Raises:
        ValueError: The mask is no bool array of this shape.
    """
    if options is None or "reset_mask" not in options:
        return np.ones(count, dtype=np.bool_)
    mask = np.asarray(options["reset_mask"])
    if mask.shape != (count,) or mask.dtype != np.bool_:
        raise ValueError(f"reset_mask is a bool array of shape ({count},), got {mask.dtype} {mask.shape}")
    return mask.copy()


def seeds_of(seed: Any, *, count: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read gymnasium's `seed` for many worlds.

    Args:
        seed: None; an int s, which gives world i the seed s + i; or a seed or None for each world.
        count: How many worlds.

    Returns:
        Seeds (count,), 0 where none is given, and where one is (count,).

    Raises:
        ValueError: As many seeds as worlds are needed, each an integer below 2**63.
    """
    if seed is None:
        return np.zeros(count, np.int64), np.zeros(count, np.bool_)
    if isinstance(seed, int | np.integer):
        seed = range(int(seed), int(seed) + count)
    if len(seed) != count:
        raise ValueError(f"{len(seed)} seeds for {count} worlds; give one each, or None")
    given = np.array(seed, dtype=object)
    present = given != None  # noqa: E711  element by element
    given[~present] = 0
    try:
        seeds = given.astype(np.int64)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"a seed is an integer from 0 to 2**63 - 1: {error}") from error
    return seeds, present
