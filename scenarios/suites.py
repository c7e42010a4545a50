"""Suites of episodes, disjoint by construction: a suite's number is part of every episode's seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SUITES: dict[str, int] = {"train": 0, "heldout": 1, "certify": 2}

# a road's suites besides: what was never trained on, what caution costs, and where only anticipation helps
ROAD_SUITES: dict[str, int] = {**SUITES, "shifted": 3, "decoys": 4, "short_reveal": 5}

_STRIDE = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd: steps through all 64-bit numbers


def episode_rng(suite: str, seed: int) -> np.random.Generator:
    """The source of all chance in one episode.

    Raises:
        ValueError: The suite is unknown, or the seed is negative.
    """
    number = _number_of(suite)
    if seed < 0:
        raise ValueError(f"a seed is at least 0, got {seed}")
    return np.random.default_rng(np.random.SeedSequence([number, seed]))


def road_rng(scenario: str, suite: str, seed: int) -> np.random.Generator:
    """The source of all chance in one episode on a road: of its scenario, suite and seed alone.

    Raises:
        ValueError: The suite is unknown, or the seed is negative.
    """
    if suite not in ROAD_SUITES:
        raise ValueError(f"unknown suite {suite!r}; choose one of: {', '.join(ROAD_SUITES)}")
    if seed < 0:
        raise ValueError(f"a seed is at least 0, got {seed}")
    return np.random.default_rng(np.random.SeedSequence([ROAD_SUITES[suite], seed, *scenario.encode()]))


def episode_keys(suite: str, seeds: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The source of all chance in many episodes at once: a key each, to be refined by `refined`.

    An episode's key depends on its suite and seed alone. For worlds that start thousands of episodes a
    step; `episode_rng` costs 20 microseconds each, this 20 nanoseconds.

    Args:
        suite: A name of SUITES.
        seeds: shape (N,).

    Returns:
        Keys, evenly spread over all 64-bit numbers, shape (N,).

    Raises:
        ValueError: The suite is unknown, or a seed is negative.
    """
    number = _number_of(suite)
    if seeds.size and seeds.min() < 0:
        raise ValueError(f"a seed is at least 0, got {seeds.min()}")
    return refined(_scattered(np.full(seeds.shape, number, np.uint64)), seeds)


def refined(keys: NDArray[np.uint64], counters: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a new key for each key and counter: the counter-th number of the key's own stream.

    Args:
        keys: shape (N,).
        counters: At least 0, shape (N,).

    Source: SplitMix64 (Steele et al., OOPSLA 2014), which may be entered anywhere in its stream.
    """
    return _scattered(keys + (counters.astype(np.uint64) + np.uint64(1)) * _STRIDE)


def uniform(keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return the number in [0, 1) that each key stands for, shape (N,)."""
    return (keys >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _number_of(suite: str) -> int:
    if suite not in SUITES:
        raise ValueError(f"unknown suite {suite!r}; choose one of: {', '.join(SUITES)}")
    return SUITES[suite]


def _scattered(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's mixing: one to one, and each bit of a number moves half of the result's."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
