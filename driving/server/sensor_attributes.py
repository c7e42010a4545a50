"""A sensor's attributes as it was spawned, or by default."""

from __future__ import annotations

import numpy as np

from driving.server.actor import Actor


def number(sensor: Actor, name: str) -> float:
    """A numeric attribute."""
    return float(text(sensor, name))


def text(sensor: Actor, name: str) -> str:
    """An attribute."""
    if name in sensor.values:
        return sensor.values[name]
    return next(item.value for item in sensor.blueprint.attributes if item.id == name)


def flag(sensor: Actor, name: str) -> bool:
    """An attribute that says yes or no."""
    return text(sensor, name).lower() == "true"


def period(sensor: Actor) -> float:
    """Simulated seconds between a sensor's messages; 0 for one after every tick."""
    return float(sensor.values.get("sensor_tick") or 0.0)


def noise_of(sensor: Actor) -> np.random.Generator:
    """A generator that the sensor's `noise_seed` determines."""
    return np.random.default_rng(int(number(sensor, "noise_seed")) & 0xFFFFFFFF)
