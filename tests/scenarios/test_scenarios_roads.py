"""Streets with bends: a place and its station are each other's inverse, and OpenDRIVE tells the same line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving.server.maps import read_map
from scenarios.crossings import BENT
from scenarios.roads import Bend, Street

QUARTER = Street(length=400.0, bends=(Bend(100.0, 50.0 * math.pi, 1 / 100),))


def test_a_quarter_circle_to_the_right_ends_where_geometry_says():
    # 100 m straight, then a quarter of a circle of radius 100 m: (200, 100), heading +y
    assert QUARTER.pose(100.0 + 50 * math.pi, 0.0) == pytest.approx((200.0, 100.0, math.pi / 2))
    # 3 m right of the line there is nearer to the circle's centre (100, 100)
    assert QUARTER.pose(100.0 + 50 * math.pi, 3.0)[:2] == pytest.approx((197.0, 100.0))
    assert QUARTER.curvature(150.0) == 0.01
    assert QUARTER.curvature(99.0) == 0.0


@given(station=st.floats(0.0, 900.0), right=st.floats(-8.0, 8.0))
def test_locating_is_the_inverse_of_posing(station, right):
    x, y, _ = BENT.pose(station, right)
    assert BENT.locate(x, y) == pytest.approx((station, right), abs=1e-6)


def test_on_a_straight_street_stations_are_x():
    assert Street().locate(12.5, -3.0) == (12.5, -3.0)
    assert Street().pose(12.5, -3.0) == (12.5, -3.0, 0.0)


def test_the_server_reads_the_same_line_from_opendrive():
    road = read_map("bent", BENT.opendrive)
    lane = next(strip for strip in road.strips if strip.kind == "driving" and strip.left[0][1] >= -0.01)
    for x, y, _ in lane.right[:: len(lane.right) // 9]:
        assert BENT.locate(float(x), float(y))[1] == pytest.approx(BENT.lane_width, abs=0.01)
