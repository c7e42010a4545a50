"""Walls, trunks and posts stop what runs into them, at any speed, with any tick; lanes are free of them."""

from __future__ import annotations

import contextlib
import math
from functools import cache

import numpy as np
import pytest

from driving.server import commands, handling
from driving.server.errors import WorldError
from driving.server.render.surfaces import BUILDINGS, POLES, VEGETATION
from driving.server.settings import Settings
from driving.server.solids import COS, HALF_LENGTH, HALF_WIDTH, LABEL, SIN, THING, TOP, X, Y
from driving.server.world import World
from scenarios.roads import straight_road

FAST = 200 / 3.6  # m/s
CAR, BUS, CHILD = "vehicle.lincoln.mkz_2017", "vehicle.mitsubishi.fusorosa", "walker.pedestrian.0011"
DELTAS = (0.01, 0.05, 0.1, 0.5)
MASS = 1600.0  # kg, of the car


@cache
def built():
    return World({"straight": straight_road()}, "straight")


def street(delta=0.05):
    """A new episode in the one street, with all that stands."""
    world = built()
    world.load("")
    world.change_settings(Settings(synchronous=True, fixed_delta=delta))
    return world


def alone(world, label):
    """A thing with that label beside the lane that leads along +x; all others are taken away."""
    solids = world.place.solids
    beside = (solids[:, LABEL] == label) & (solids[:, Y] > 0.0) & (solids[:, X] > 40.0)
    solid = solids[np.flatnonzero(beside)[0]]
    world.place.show({int(thing) for thing in solids[:, THING]} - {int(solid[THING])}, on=False)
    return solid


def aimed(world, solid, *, blueprint=CAR, speed=FAST, y=-3.0):
    """A vehicle on the road that heads for the thing's middle."""
    place = ((float(solid[X]), y, 0.0), (0.0, 90.0, 0.0))
    car = world.spawn(blueprint, {}, place)
    handling.set_velocity(world, car.id, (0.0, speed, 0.0))
    return car


def front(world, actor):
    body = world.body(actor.id)
    return float(body["y"] + body["half_length"])


def near_side(solid):
    """Least y of a thing's box, m."""
    return solid[Y] - abs(solid[SIN]) * solid[HALF_LENGTH] - abs(solid[COS]) * solid[HALF_WIDTH]


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("label", [BUILDINGS, POLES, VEGETATION])
def test_nothing_goes_through_what_stands_at_200_kmh(delta, label):
    for blueprint, start in ((CAR, -3.0), (CAR, -3.4), (BUS, -4.1)):
        world = street(delta)
        solid = alone(world, label)
        car = aimed(world, solid, blueprint=blueprint, y=start)
        hits = []
        for _ in range(max(round(1.0 / delta), 2)):
            world.tick()
            hits += world.collisions
            assert front(world, car) < near_side(solid) + 1e-6
        assert {(hit.actor, hit.other, hit.label) for hit in hits} == {(car.id, 0, label)}


def test_a_wall_takes_a_cars_momentum_and_gives_a_tenth_of_it_back():
    world = street(0.0125)
    solid = alone(world, BUILDINGS)
    car = aimed(world, solid, y=3.0)
    while not world.collisions:
        before = float(world.body(car.id)["vy"])
        world.tick()
    (hit,) = world.collisions
    along = (-solid[SIN], solid[COS]) if abs(solid[COS]) > 0.5 else (solid[COS], solid[SIN])
    assert abs(along[1]) > 0.999  # the wall stands along the road
    assert hit.impulse[1] == pytest.approx(1.1 * MASS * before, rel=0.01)
    assert world.body(car.id)["vy"] == pytest.approx(-0.1 * before, rel=0.01)
    assert math.hypot(*hit.impulse[:2]) == pytest.approx(hit.impulse[1], rel=1e-3)


def test_a_contact_that_lasts_is_told_once():
    world = street()
    solid = alone(world, VEGETATION)
    car = aimed(world, solid, speed=3.0, y=2.0)
    hits = []
    for _ in range(100):
        world.tick()
        hits += world.collisions
    assert 1 <= len(hits) <= 2  # it may roll back and touch once more
    assert abs(world.body(car.id)["speed"]) < 0.5


def test_who_walks_into_a_trunk_stands_before_it_and_can_walk_on():
    world = street()
    solid = alone(world, VEGETATION)
    child = world.spawn(CHILD, {"is_invincible": "false"}, ((float(solid[X]), 4.0, 0.6), (0.0, 90.0, 0.0)))
    commands.walk(world, child.id, (0.0, 1.0, 0.0), 2.8)
    for _ in range(60):
        world.tick()
    body = world.body(child.id)
    half = float(np.hypot(body["half_length"], body["half_width"]))
    assert near_side(solid) - half - 0.01 < body["y"] < near_side(solid)
    assert body["fallen"] == 0.0
    commands.walk(world, child.id, (1.0, 0.0, 0.0), 1.0)
    for _ in range(40):
        world.tick()
    assert body["x"] > solid[X] + 1.0


def test_what_a_client_took_away_stops_nobody_until_it_is_put_back():
    world = street()
    solid = alone(world, VEGETATION)
    world.place.show({int(solid[THING])}, on=False)
    car = aimed(world, solid)
    for _ in range(10):
        world.tick()
    assert world.collisions == ()
    assert front(world, car) > solid[Y] + 1.0
    world.load("")
    car = aimed(world, solid)
    for _ in range(10):
        world.tick()
    assert front(world, car) < near_side(solid) + 1e-6


def test_who_passes_through_others_passes_through_walls():
    world = street()
    solid = alone(world, BUILDINGS)
    car = aimed(world, solid)
    handling.set_collides(world, car.id, on=False)
    for _ in range(10):
        world.tick()
    assert world.collisions == ()
    assert front(world, car) > solid[Y]


def test_a_car_that_is_put_into_a_house_is_moved_out_of_it():
    world = street()
    solids = world.place.solids
    house = solids[solids[:, LABEL] == BUILDINGS][3]
    car = world.spawn(CAR, {}, ((float(house[X]), -1.75, 0.0), (0.0, 0.0, 0.0)))
    world.put(world.body(car.id), ((float(house[X]), float(house[Y]), 0.0), (0.0, 30.0, 0.0)))
    for _ in range(400):  # it begins inside a house: parted by 5 cm in each sub-step
        world.tick()
    assert world.collisions == ()
    x, y = world.body(car.id)["x"] - house[X], world.body(car.id)["y"] - house[Y]
    along, aside = x * house[COS] + y * house[SIN], y * house[COS] - x * house[SIN]
    assert abs(along) > house[HALF_LENGTH] or abs(aside) > house[HALF_WIDTH]


def assert_room(world, blueprint, place, *, free):
    """Somebody can be spawned there, or is refused in the real server's words."""
    refused = pytest.raises(WorldError, match=r"^Spawn failed because of collision at spawn position$")
    with contextlib.nullcontext() if free else refused:
        world.spawn(blueprint, {}, place)


@pytest.mark.parametrize("blueprint", [CAR, BUS, CHILD])
def test_nobody_comes_into_the_world_inside_a_house(blueprint):
    world = street()
    solid = alone(world, BUILDINGS)
    inside = ((float(solid[X]), float(solid[Y]), 0.6), (0.0, 30.0, 0.0))
    there = set(world.actors)
    assert_room(world, blueprint, inside, free=False)
    assert set(world.actors) == there
    world.place.show({int(solid[THING])}, on=False)
    assert_room(world, blueprint, inside, free=True)


@pytest.mark.parametrize(("gap", "free"), [(0.01, True), (-0.01, False)])
def test_a_car_comes_into_the_world_close_to_a_wall(gap, free):
    world = street()
    solid = alone(world, BUILDINGS)
    car = world.spawn(CAR, {}, ((0.0, -1.75, 0.0), (0.0, 0.0, 0.0)))
    half_width = float(world.body(car.id)["half_width"])
    along = math.degrees(math.atan2(solid[SIN], solid[COS]))
    along += 0.0 if abs(solid[COS]) > 0.5 else 90.0  # parallel to the road, as the wall is
    beside = ((float(solid[X]), float(near_side(solid)) - half_width - gap, 0.0), (0.0, along, 0.0))
    assert_room(world, CAR, beside, free=free)


def test_above_the_eaves_there_is_room():
    world = street()
    solid = alone(world, BUILDINGS)
    for above, free in ((-0.1, False), (0.1, True)):
        place = ((float(solid[X]), float(solid[Y]), float(solid[TOP]) + above), (0.0, 0.0, 0.0))
        assert_room(world, CAR, place, free=free)


def test_lanes_are_free_of_everything_that_stands():
    world = street()
    for strip in world.map.strips:
        if strip.kind == "sidewalk":
            continue
        low = np.minimum(strip.left, strip.right).min(axis=0)
        high = np.maximum(strip.left, strip.right).max(axis=0)
        solids = world.place.solids
        reach = np.hypot(solids[:, HALF_LENGTH], solids[:, HALF_WIDTH])
        inside = (solids[:, X] + reach > low[0]) & (solids[:, X] - reach < high[0])
        small = solids[:, LABEL] != BUILDINGS
        inside &= (solids[:, Y] + reach > low[1]) & (solids[:, Y] - reach < high[1])
        assert not (inside & small).any()
