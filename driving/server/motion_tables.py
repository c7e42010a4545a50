"""How CARLA's default car answers its pedals and its steering, as tables that a file holds.

`vehicle_motion.json` has the published fits of CARLA's ego car (throttle, brake, steering curve); rows at
throttle 0, speeds above 80 km/h and the brake below 40 km/h are our own, chosen so that 50 -> 0 km/h takes
11 m. `driving calibrate` writes a file of the same form from what it records on a server:

    throttle  lag (s), levels (0 to 1), speeds (km/h), acceleration (m/s2; a row per level)
    brake     lag, levels, speeds, deceleration
    steering  lag, gain (rad of front wheel at steer 1), speeds, factor of that angle
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driving.server.errors import MotionError

LONGEST_LAG, SHORTEST_LAG = 5.0, 1e-3  # s
MOST_LEVELS, MOST_SPEEDS = 12, 32  # of one table

_SURFACES = ("throttle", "brake")
PACKED = np.dtype(  # what numba functions take: handing over eight arrays costs more than what they compute
    [
        *((f"{part}_lag", np.float64) for part in (*_SURFACES, "steering")),
        ("steering_gain", np.float64),
        *((f"{part}_{size}", np.int64) for part in _SURFACES for size in ("levels_count", "speeds_count")),
        ("steering_count", np.int64),
        *((f"{part}_levels", np.float64, MOST_LEVELS) for part in _SURFACES),
        *((f"{part}_speeds", np.float64, MOST_SPEEDS) for part in (*_SURFACES, "steering")),
        ("acceleration", np.float64, (MOST_LEVELS, MOST_SPEEDS)),
        ("deceleration", np.float64, (MOST_LEVELS, MOST_SPEEDS)),
        ("steering_factor", np.float64, MOST_SPEEDS),
    ]
)


class MotionTables(NamedTuple):
    """The tables as they are read and written."""

    throttle_lag: float  # s
    throttle_levels: NDArray[np.float64]  # (L,)
    throttle_speeds: NDArray[np.float64]  # (V,), km/h
    acceleration: NDArray[np.float64]  # (L, V), m/s2
    brake_lag: float
    brake_levels: NDArray[np.float64]
    brake_speeds: NDArray[np.float64]
    deceleration: NDArray[np.float64]
    steering_lag: float
    steering_gain: float  # rad
    steering_speeds: NDArray[np.float64]
    steering_factor: NDArray[np.float64]


@cache
def standard_tables() -> MotionTables:
    """The tables that come with the server."""
    return read_tables(resources.files(__package__).joinpath("vehicle_motion.json").read_text("utf-8"))


def read_tables(text: str) -> MotionTables:
    """Tables from a file's text.

    Raises:
        MotionError: Something is missing, not a number, out of order or of the wrong size.
    """
    try:
        document = json.loads(text)
        throttle, brake, steering = (document[part] for part in ("throttle", "brake", "steering"))
        factor, speeds = _row(steering, "factor"), _rising(steering, "speeds")
        if len(factor) != len(speeds):
            raise ValueError("steering needs a factor for each speed")
        return MotionTables(
            *_surface(throttle, "acceleration"),
            *_surface(brake, "deceleration"),
            _lag(steering),
            float(_row({"gain": [steering["gain"]]}, "gain")[0]),
            speeds,
            factor,
        )
    except (ValueError, KeyError, TypeError) as error:
        what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise MotionError(f"no motion tables: {what}; `driving calibrate` writes such a file") from error


def write_tables(tables: MotionTables) -> str:
    """The text that `read_tables` reads."""
    document = {
        "throttle": {
            "lag": tables.throttle_lag,
            "levels": tables.throttle_levels.tolist(),
            "speeds": tables.throttle_speeds.tolist(),
            "acceleration": tables.acceleration.tolist(),
        },
        "brake": {
            "lag": tables.brake_lag,
            "levels": tables.brake_levels.tolist(),
            "speeds": tables.brake_speeds.tolist(),
            "deceleration": tables.deceleration.tolist(),
        },
        "steering": {
            "lag": tables.steering_lag,
            "gain": tables.steering_gain,
            "speeds": tables.steering_speeds.tolist(),
            "factor": tables.steering_factor.tolist(),
        },
    }
    return json.dumps(document, indent=1)


def packed(tables: MotionTables) -> NDArray[np.void]:
    """The tables as one record of dtype PACKED, in an array of shape (1,)."""
    record = np.zeros(1, PACKED)
    for name, content in tables._asdict().items():
        if np.ndim(content) == 0:
            record[name] = content
        elif np.ndim(content) == 1:
            record[name][0, : len(content)] = content
        else:
            levels, speeds = content.shape
            record[name][0, :levels, :speeds] = content
    for part, table in (("throttle", tables.acceleration), ("brake", tables.deceleration)):
        record[f"{part}_levels_count"], record[f"{part}_speeds_count"] = table.shape
    record["steering_count"] = len(tables.steering_factor)
    return record


def _surface(part: Mapping[str, Any], name: str) -> tuple[float, Any, Any, Any]:
    levels, speeds = _rising(part, "levels"), _rising(part, "speeds")
    table = _row(part, name)
    if table.shape != (len(levels), len(speeds)):
        raise ValueError(f"{name} has shape {table.shape}, not {len(levels)} levels x {len(speeds)} speeds")
    return _lag(part), levels, speeds, table


def _row(part: Mapping[str, Any], name: str) -> NDArray[np.float64]:
    numbers = np.array(part[name], np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} has a value that is no number")
    return numbers


def _rising(part: Mapping[str, Any], name: str) -> NDArray[np.float64]:
    numbers = _row(part, name)
    if numbers.ndim != 1 or len(numbers) < 2 or (np.diff(numbers) <= 0.0).any():
        raise ValueError(f"{name} must be two or more rising numbers")
    if len(numbers) > (MOST_LEVELS if name == "levels" else MOST_SPEEDS):
        raise ValueError(f"{name} has {len(numbers)} entries, more than this server takes")
    return numbers


def _lag(part: Mapping[str, Any]) -> float:
    lag = float(part["lag"])
    if not SHORTEST_LAG <= lag <= LONGEST_LAG:
        raise ValueError(f"a lag is {SHORTEST_LAG} to {LONGEST_LAG} s, got {lag}")
    return lag
