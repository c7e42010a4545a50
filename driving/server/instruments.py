"""What sensors without a lens measure: accelerations, turn rates, heading, latitude and longitude."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from driving.server.bodies import Body
from driving.server.physics import GRAVITY, rotation

EARTH_RADIUS = 6_378_137.0  # m
MERIDIAN_SCALE = 0.9996  # of the client's projection, whatever the map says
EAST_TO_NORTH = math.pi / 2  # CARLA's compass: 0 = north = -y, clockwise


def inertial(body: Body, gravity: float = GRAVITY) -> tuple[list[float], list[float], float]:
    """Accelerometer (m/s2) and gyroscope (rad/s) in the sensor's frame, and compass (rad)."""
    axes = rotation(float(body["pitch"]), float(body["yaw"]), float(body["roll"]))
    felt = axes.T @ (body["ax"], body["ay"], body["az"] + gravity)
    turn = axes.T @ (math.radians(body["wx"]), math.radians(body["wy"]), math.radians(body["wz"]))
    compass = (math.radians(body["yaw"]) + EAST_TO_NORTH) % (2 * math.pi)
    return felt.tolist(), turn.tolist(), compass


def satellite(body: Body, origin: tuple[float, float]) -> list[float]:
    """Latitude and longitude (degrees) and altitude (m); `origin` is that of the map's (0, 0).

    The spherical transverse Mercator of `carla.Map.transform_to_geolocation` in 0.9.16, which takes CARLA's y
    for the northing: in this release latitude grows with y, though y points south of OpenDRIVE's north.
    Source: J. P. Snyder, Map Projections, 1987, eqs. 8-6 and 8-7.
    """
    around = float(body["x"]) / (EARTH_RADIUS * MERIDIAN_SCALE)
    along = math.radians(origin[0]) + float(body["y"]) / (EARTH_RADIUS * MERIDIAN_SCALE)
    latitude = math.asin(math.sin(along) / math.cosh(around))
    longitude = math.atan2(math.sinh(around), math.cos(along))
    return [math.degrees(latitude), origin[1] + math.degrees(longitude), float(body["z"])]


def shaken(
    exact: Sequence[float], spread: Sequence[float], bias: Sequence[float], rng: np.random.Generator
) -> list[float]:
    """Measurements with an offset and normally distributed noise; `spread` holds standard deviations."""
    return (np.asarray(exact) + bias + rng.normal(0.0, np.maximum(spread, 0.0))).tolist()
