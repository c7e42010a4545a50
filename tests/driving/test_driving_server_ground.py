"""The ground below lanes: level, sloped and kerbed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving.server import handling
from driving.server.ground import ground_of, height_at
from driving.server.maps import KERB, LaneStrip, read_map
from driving.server.world import World
from scenarios.roads import straight_road

GRADE = 0.05


def strip(low, high, *, raised=0.0, grade=0.0):
    """A lane along x from 0 to 100 m whose edges are at y = low and y = high."""
    edges = (np.array([[0.0, y, raised], [100.0, y, raised + 100 * grade]]) for y in (low, high))
    return LaneStrip("driving", *edges)


def height(ground, x, y):
    return height_at(ground.heights, ground.frame, x, y)


@given(st.floats(-20, 120), st.floats(-20, 20))
def test_a_level_lane_makes_level_ground_everywhere(x, y):
    assert height(ground_of([strip(0, 4, raised=0.5)]), x, y) == pytest.approx(0.5)


@given(st.floats(0.5, 99.0), st.floats(0.5, 3.5))
def test_a_climbing_lane_climbs_by_its_grade(x, y):
    assert height(SLOPE, x, y) == pytest.approx(GRADE * x, abs=1e-4)


SLOPE = ground_of([strip(0, 4, grade=GRADE)])


def test_pavements_stand_on_their_kerbs():
    ground = ground_of(read_map("straight", straight_road()).strips)
    assert height(ground, 300.0, 1.75) == 0.0
    assert height(ground, 300.0, 6.0) == 0.0
    assert height(ground, 300.0, 7.5) == pytest.approx(KERB)
    assert height(ground, 300.0, 30.0) == pytest.approx(KERB)


def test_a_car_leans_with_the_road_and_stays_on_it():
    uphill = straight_road().replace('<elevation s="0" a="0" b="0"', f'<elevation s="0" a="2" b="{GRADE}"')
    world = World({"hill": uphill}, "hill")
    car = world.spawn("vehicle.lincoln.mkz_2017", {}, ((100.0, 1.75, 7.3), (0.0, 0.0, 0.0)))
    handling.set_velocity(world, car.id, (5.0, 0.0, 0.0))
    for _ in range(20):
        world.tick()
    body = world.body(car.id)
    assert body["x"] > 103.0
    assert body["z"] == pytest.approx(2.0 + GRADE * body["x"], abs=0.02)
    assert body["pitch"] == pytest.approx(math.degrees(math.atan(GRADE)), abs=0.05)
    assert body["roll"] == pytest.approx(0.0, abs=1e-6)
