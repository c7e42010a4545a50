"""Checks of what a file or command line says; each refusal is one line that names what would do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from a2d.errors import A2DError

LAST_SEED = 2**31 - 1  # of training and of episodes
MOST_EPISODES = 10**6  # that one command drives


class ConfigError(A2DError, ValueError):
    """A preset, key or value that does not exist or cannot be; the message names the nearest that can."""


def one_of(key: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is none of `choices`."""
    if value not in choices:
        raise ConfigError(f"{key} is one of {', '.join(choices)}; got {value!r}")


def at_least(key: str, value: float, bound: float) -> None:
    """Refuse a value under `bound`, and nan."""
    if not value >= bound:
        raise ConfigError(f"{key} is at least {bound}, got {value}")


def above(key: str, value: float, bound: float) -> None:
    """Refuse a value that is not above `bound`."""
    if not value > bound:
        raise ConfigError(f"{key} is above {bound}, got {value}")


def within(key: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside [low, high], and nan."""
    if not low <= value <= high:
        raise ConfigError(f"{key} is in [{low}, {high}], got {value}")


def widths(key: str, values: tuple[int, ...]) -> None:
    """Refuse a list that is empty or has a number under 1."""
    if not values or min(values) < 1:
        raise ConfigError(f"{key} is a list of positive numbers such as [64,64], got {list(values)}")


def nearest(name: str, choices: Iterable[str]) -> str:
    """Say which of the choices was meant, by its whole name or its last dotted part, or what they are."""
    choices = list(dict.fromkeys(choices))
    leaves = {choice.rpartition(".")[2]: choice for choice in choices}
    close = difflib.get_close_matches(name, choices, n=1)
    close = close or [
        leaves[leaf] for leaf in difflib.get_close_matches(name.rpartition(".")[2], leaves, n=1)
    ]
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(choices)}"


def wording(error: Exception) -> str:
    """Word what OmegaConf raised in one line, the key that it is about first."""
    where = getattr(error, "full_key", None)
    reason = first_line(error)
    if "is not a TupleConfig" in reason:  # a type of OmegaConf's own
        reason = "it takes a list, such as [64,64]"
    return f"{where + ': ' if where else ''}{reason}"


def first_line(error: Exception) -> str:
    """The first line of an error's text."""
    return str(error).partition("\n")[0]
