"""Swept boxes: worked by hand."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving.contact import first_contact, segment_hits_box, time_to_collision
from driving.snapshot import Body


def body(x=0.0, y=0.0, *, yaw=0.0, velocity=(0.0, 0.0), length=2.0, width=2.0, height=2.0):
    return Body(
        x=x, y=y, z=1.0, yaw=yaw, velocity_x=velocity[0], velocity_y=velocity[1],
        length=length, width=width, height=height,
    )  # fmt: skip


def test_boxes_that_meet_head_on_touch_when_the_gap_is_used_up():
    # faces 8 m apart, closing 16 m in the move: halfway
    assert first_contact(body(), body(10.0), (10.0, 0.0), (-6.0, 0.0)) == pytest.approx(0.5)


def test_boxes_that_pass_beside_each_other_never_touch():
    assert first_contact(body(), body(10.0, 2.01), (20.0, 0.0), (0.0, 0.0)) is None


def test_a_margin_counts_near_misses():
    assert first_contact(body(), body(10.0, 2.01), (20.0, 0.0), (0.0, 0.0), margin=0.02) is not None


def test_corners_touch_within_the_margin_along_both_axes():
    # 0.09 m apart along x and y: 2.96 m between centres, more than both half diagonals and the margin
    assert first_contact(body(), body(2.09, 2.09), (0.0, 0.0), (0.0, 0.0), margin=0.1) == 0.0
    assert first_contact(body(), body(2.09, 2.09), (0.0, 0.0), (0.0, 0.0), margin=0.08) is None


def test_boxes_that_overlap_touch_at_once():
    assert first_contact(body(), body(1.0), (0.0, 0.0), (0.0, 0.0)) == 0.0


def test_a_thin_child_is_not_tunnelled_at_200_km_per_hour():
    child = body(3.0, length=0.3, width=0.3)
    assert first_contact(body(), child, (200 / 3.6 * 0.1, 0.0), (0.0, 0.0)) == pytest.approx(
        1.85 / 5.5556, rel=1e-4
    )


def test_a_turned_box_reaches_with_its_corner():
    # a square turned by 45 degrees reaches sqrt(2) along x
    turned = body(10.0, yaw=math.pi / 4)
    reach = 10.0 - 1.0 - math.sqrt(2)
    assert first_contact(body(), turned, (10.0, 0.0), (0.0, 0.0)) == pytest.approx(reach / 10.0)


def overlap(first, second, move, share):
    """Area that two boxes share after part of the first one's move, as OpenCV finds it; m2."""
    there = replace(first, x=first.x + share * move[0], y=first.y + share * move[1])
    boxes = [((b.x, b.y), (b.length, b.width), math.degrees(b.yaw)) for b in (there, second)]
    kind, region = cv2.rotatedRectangleIntersection(*boxes)
    return 0.0 if kind == cv2.INTERSECT_NONE else cv2.contourArea(cv2.convexHull(region))


@given(
    first=st.builds(body, yaw=st.floats(-4, 4), length=st.floats(0.2, 6)),
    second=st.builds(body, *[st.floats(-8, 8)] * 2, yaw=st.floats(-4, 4), length=st.floats(0.2, 6)),
    move=st.tuples(*[st.floats(-12, 12)] * 2),
)
def test_boxes_touch_where_opencv_first_finds_them_to_overlap(first, second, move):
    found = first_contact(first, second, move, (0.0, 0.0))
    shares = [share for share in np.linspace(0, 1, 51) if overlap(first, second, move, share) > 1e-3]
    assert not shares or (found is not None and found <= min(shares))
    if found is not None:
        larger = replace(second, length=second.length + 0.02, width=second.width + 0.02)
        assert overlap(first, larger, move, found) > 0.0


def test_time_to_collision_is_gap_over_closing_speed():
    assert time_to_collision(body(velocity=(4.0, 0.0)), body(10.0)) == pytest.approx(2.0)


def test_time_to_collision_of_bodies_that_part_is_infinite():
    assert time_to_collision(body(velocity=(-4.0, 0.0)), body(10.0)) == math.inf


def test_a_line_of_sight_ends_at_a_box_in_between_but_passes_above_it():
    wall = body(5.0, height=2.0)  # from the ground to 2 m
    assert segment_hits_box((0.0, 0.0, 1.0), (10.0, 0.0, 1.0), wall)
    assert not segment_hits_box((0.0, 0.0, 2.5), (10.0, 0.0, 2.5), wall)
    assert not segment_hits_box((0.0, 0.0, 1.0), (3.9, 0.0, 1.0), wall)
