"""Nothing passes through anything at 200 km/h, and what collides exchanges momentum: laws of whole ticks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ticking import waiting_world

from driving.server import handling

FAST = 200 / 3.6  # m/s
CAR, CHILD, WALL = "vehicle.lincoln.mkz_2017", "walker.pedestrian.0011", "static.prop.streetbarrier"
CONE, BIKE = "static.prop.trafficcone01", "vehicle.bh.crossbike"
DELTAS = (0.01, 0.05, 0.1, 0.5)


def street(delta):
    return waiting_world(delta=delta)


def put(world, blueprint, x, *, y=1.75, yaw=0.0, z=0.0):
    values = {"is_invincible": "false"} if blueprint.startswith("walker") else {}
    return world.spawn(blueprint, values, ((x, y, z), (0.0, yaw, 0.0)))


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize(
    ("target", "yaw"), [(CAR, 0.0), (CAR, 90.0), (CHILD, 0.0), (BIKE, 90.0), (WALL, 90.0), (CONE, 0.0)]
)
def test_a_car_at_200_kmh_does_not_pass_through(delta, target, yaw):
    for gap in (5.0, 6.3, 7.9):
        world = street(delta)
        car = put(world, CAR, 60.0)
        other = put(world, target, 60.0 + gap, yaw=yaw, z=0.6 if target == CHILD else 0.0)
        handling.set_velocity(world, car.id, (FAST, 0.0, 0.0))
        hits = []
        for _ in range(max(round(0.5 / delta), 2)):
            world.tick()
            hits += world.collisions
        assert {(hit.actor, hit.other) for hit in hits} == {(car.id, other.id)}
        assert world.body(car.id)["x"] < world.body(other.id)["x"]


@pytest.mark.parametrize("delta", DELTAS)
def test_two_cars_at_200_kmh_each_do_not_pass_through_each_other(delta):
    world = street(delta)
    one, two = put(world, CAR, 60.0), put(world, CAR, 90.0, yaw=180.0)
    handling.set_velocity(world, one.id, (FAST, 0.0, 0.0))
    handling.set_velocity(world, two.id, (-FAST, 0.0, 0.0))
    for _ in range(max(round(0.6 / delta), 2)):
        world.tick()
    assert world.body(one.id)["x"] < world.body(two.id)["x"]


@pytest.mark.parametrize("gap", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("wall_first", [True, False])
def test_what_a_blow_sends_flying_does_not_pass_through_what_stands_behind_it(gap, wall_first):
    world = street(0.05)
    size = 1.2  # m from the middle of a child to the far side of the wall behind it

    def wall():
        barrier = put(world, WALL, 66.0 + size / 2 + gap, yaw=90.0)
        world.body(barrier.id)["half_width"] = 0.02
        return barrier

    barrier = wall() if wall_first else None
    child = put(world, CHILD, 66.0, z=0.6)
    barrier = barrier or wall()
    car = put(world, CAR, 61.0)
    handling.set_velocity(world, car.id, (FAST, 0.0, 0.0))
    for _ in range(10):
        world.tick()
        assert world.body(child.id)["x"] < world.body(barrier.id)["x"]


@pytest.mark.parametrize(("speed", "other"), list(itertools.product((5.0, 20.0, FAST), (0.0, -10.0))))
def test_the_impulse_of_a_report_is_the_momentum_that_went_over(speed, other):
    world = street(0.0125)
    one, two = put(world, CAR, 60.0), put(world, "vehicle.mercedes.sprinter", 66.0)
    handling.set_velocity(world, one.id, (speed, 0.0, 0.0))
    handling.set_velocity(world, two.id, (other, 0.0, 0.0))
    for _ in range(200):
        before = [float(world.body(actor.id)["vx"]) for actor in (one, two)]
        world.tick()
        if world.collisions:
            break
    (hit,) = world.collisions
    masses = [float(world.body(actor.id)["mass"]) for actor in (one, two)]
    after = [float(world.body(actor.id)["vx"]) for actor in (one, two)]
    drag = 0.02 * max(masses) * 2.0  # N s that rolling takes from a car in 12.5 ms
    gained = [mass * (now - then) for mass, now, then in zip(masses, after, before, strict=True)]
    np.testing.assert_allclose(gained, [-hit.impulse[0], hit.impulse[0]], rtol=0.01, atol=drag)
    assert after[1] - after[0] == pytest.approx(0.1 * (before[0] - before[1]), abs=0.1)  # they part
