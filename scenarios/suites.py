"""Suites of episodes, disjoint by construction: a suite's number is part of every episode's seed."""

from __future__ import annotations

import numpy as np

SUITES: dict[str, int] = {"train": 0, "heldout": 1, "certify": 2}


def episode_rng(suite: str, seed: int) -> np.random.Generator:
    """The source of all chance in one episode.

    Raises:
        ValueError: The suite is unknown, or the seed is negative.
    """
    if suite not in SUITES:
        raise ValueError(f"unknown suite {suite!r}; choose one of: {', '.join(SUITES)}")
    if seed < 0:
        raise ValueError(f"a seed is at least 0, got {seed}")
    return np.random.default_rng(np.random.SeedSequence([SUITES[suite], seed]))
