"""Checks of a setting's range; each refusal is one line that names what would do."""

from __future__ import annotations

from a2d.errors import A2DError


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
