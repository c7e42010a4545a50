"""A car that follows the official client's waypoints with a pure pursuit stays in its lane.

TOWN_MAPS=FOLDER adds every OpenDRIVE file of a folder to the ring.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from ring import RING
from ticking import synchronous

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

TOWNS = sorted(Path(os.environ["TOWN_MAPS"]).glob("*.xodr")) if "TOWN_MAPS" in os.environ else []
SPEED = 7.0  # m/s
AHEAD = 5  # m, the place that is steered for
REAR_TO_CENTRE, WHEELBASE, LOCK = 1.418, 1.327, 0.3685  # m, m, rad: a bicycle fitted to CARLA's car
LENGTH = 320  # m, a lap of the ring


def route_from(waypoint, length):
    """Places a metre apart, at every fork the client's first choice; and the narrowest lane's width."""
    places, widths = [], []
    while len(places) < length:
        places.append(waypoint.transform.location)
        widths.append(waypoint.lane_width)
        waypoint = waypoint.next(1.0)[0]
    return places, min(widths)


def nearest(route, place, begin):
    """The route's place nearest to another, no further than 10 m on from the last one."""
    return min(range(begin, min(begin + 10, len(route))), key=lambda k: route[k].distance(place))


def pursuit(car, goal):
    """Steering along the arc through a place: tan(angle) = 2 wheelbase sin(bearing) / distance."""
    pose = car.get_transform()
    yaw = math.radians(pose.rotation.yaw)
    x = pose.location.x - REAR_TO_CENTRE * math.cos(yaw)
    y = pose.location.y - REAR_TO_CENTRE * math.sin(yaw)
    bearing = math.atan2(goal.y - y, goal.x - x) - yaw
    angle = math.atan(2 * WHEELBASE * math.sin(bearing) / math.hypot(goal.x - x, goal.y - y))
    return max(-1.0, min(1.0, angle / LOCK))


def beside(route, at, here):
    """How far a place is to the side of a route, m."""
    a, b = route[max(at - 1, 0)], route[min(at + 1, len(route) - 1)]
    along = math.hypot(b.x - a.x, b.y - a.y)
    return abs((here.x - a.x) * (b.y - a.y) - (here.y - a.y) * (b.x - a.x)) / along


def follow(world, car, route):
    """Drive along a route; how far the car came from it at most, m."""
    at, astray = 0, 0.0
    for _ in range(round(3 * len(route) / SPEED / 0.05)):
        speed = car.get_velocity().length()
        steer = pursuit(car, route[min(at + AHEAD, len(route) - 1)])
        push = 0.4 * (SPEED - speed)
        car.apply_control(
            carla.VehicleControl(throttle=min(max(push, 0.0), 0.7), brake=max(-push, 0.0), steer=steer)
        )
        world.tick()
        here = car.get_location()
        at = nearest(route, here, at)
        astray = max(astray, beside(route, at, here))
        if at >= len(route) - AHEAD - 2:
            return astray
    return pytest.fail(f"it came {at} m far in three times the time")


@pytest.mark.parametrize("town", [None, *TOWNS], ids=lambda town: town.stem if town else "ring")
def test_a_car_that_follows_waypoints_stays_in_its_lane(client_of, serve, tmp_path, town):
    path = town or tmp_path / "ring.xodr"
    if town is None:
        path.write_text(RING)
    world = synchronous(client_of("127.0.0.1", serve(str(path)), timeout=60.0).get_world(), delta=0.05)
    start = world.get_map().get_spawn_points()[0]
    route, width = route_from(world.get_map().get_waypoint(start.location), LENGTH)
    car = world.spawn_actor(world.get_blueprint_library().find("vehicle.lincoln.mkz_2017"), start)
    world.tick()
    astray = follow(world, car, route)
    half_car = car.bounding_box.extent.y
    car.destroy()
    assert astray < width / 2 - half_car
