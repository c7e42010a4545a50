"""What sensors without a lens measure: accelerations, turn rates, heading, latitude and longitude."""

from __future__ import annotations

import math

from driving.server.bodies import Body
from driving.server.physics import GRAVITY, rotation

EARTH_RADIUS = 6_378_137.0  # m
EAST_TO_NORTH = math.pi / 2  # CARLA's compass: 0 = north = -y, clockwise


def inertial(body: Body) -> list[object]:
    """Accelerometer (m/s2) and gyroscope (rad/s) in the sensor's frame, and compass (rad)."""
    axes = rotation(float(body["pitch"]), float(body["yaw"]), float(body["roll"]))
    felt = axes.T @ (body["ax"], body["ay"], body["az"] + GRAVITY)
    turn = axes.T @ (math.radians(body["wx"]), math.radians(body["wy"]), math.radians(body["wz"]))
    compass = (math.radians(body["yaw"]) + EAST_TO_NORTH) % (2 * math.pi)
    return [felt.tolist(), turn.tolist(), compass]


def satellite(body: Body, origin: tuple[float, float]) -> list[float]:
    """Latitude and longitude (degrees) and altitude (m); `origin` is that of the map's (0, 0).

    The Mercator projection that CARLA uses.
    """
    scale = math.cos(math.radians(origin[0]))
    east = scale * EARTH_RADIUS * math.radians(origin[1]) + float(body["x"])
    north = scale * EARTH_RADIUS * math.log(math.tan(math.radians(90.0 + origin[0]) / 2)) - float(body["y"])
    longitude = math.degrees(east / (EARTH_RADIUS * scale))
    latitude = 2 * math.degrees(math.atan(math.exp(north / (EARTH_RADIUS * scale)))) - 90.0
    return [latitude, longitude, float(body["z"])]
