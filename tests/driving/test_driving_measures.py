"""What an episode's record holds, each measure worked by hand."""

import dataclasses
import math

import pytest

from driving.measures import Measures, box_gap
from driving.outcome import ending
from driving.snapshot import Body, Snapshot
from driving.validity import deviation
from scenarios.standards import draw

DRIVE = draw("cpnco", 1)  # 10 km/h, 50 %
LINE, CENTRE = DRIVE.line, DRIVE.lane_centre


def box(x, right, *, length=4.0, width=2.0, yaw=0.0, speed=0.0, sideways=0.0):
    return Body(
        x=x, y=CENTRE + right, z=0.7, yaw=yaw, velocity_x=speed, velocity_y=sideways,
        length=length, width=width, height=1.4,
    )  # fmt: skip


def instant(time, front, right, *, speed=5.0, pedal=0.0, seen=False, drive=DRIVE):
    """The ego's front so far short of the child's line, and where the child's centre is."""
    return Snapshot(
        frame=0, time=time, drive=drive, ego=box(LINE - front - 2.0, 0.0, speed=speed),
        children=(box(LINE, right, length=0.5, width=0.5, sideways=-1.0),), seen=(seen,), occluder=None,
        others=(), steer=0.0, pedal=pedal, standstill=0.0, collided_with=None,
    )  # fmt: skip


def record(*instants, outcome="arrived", **options):
    measures = Measures(instants[0])
    for now in instants[1:]:
        measures.add(now, **options)
    return measures.record(outcome)


def test_the_gap_between_boxes_is_from_edge_to_edge():
    # fronts 3 m apart: 10 - 2 - 0.25 along; 3 - 1 - 0.25 across
    assert box_gap(box(0.0, 0.0), box(10.0, 3.0, length=0.5, width=0.5)) == pytest.approx(
        math.hypot(7.75, 1.75)
    )
    assert box_gap(box(0.0, 0.0), box(2.2, 0.0, length=0.5, width=0.5)) == 0.0


def test_post_encroachment_time_is_from_the_childs_leaving_to_the_cars_coming():
    # the child's box leaves the 2 m wide way at -1.25 m, at 2 s; the car's front comes to it at 5 s
    found = record(
        instant(0.0, 12.0, 3.0),
        instant(1.0, 9.0, 0.5),
        instant(2.0, 6.0, -1.0),
        instant(3.0, 3.0, -2.5),
        instant(4.0, 0.6, -4.0),
        instant(5.0, -0.1, -5.5),
        instant(6.0, -3.0, -5.5),
    )
    assert found["pet"] == 5.0 - 2.0


def test_without_a_crossing_of_ways_there_is_no_post_encroachment_time():
    assert math.isnan(record(instant(0.0, 12.0, 3.0), instant(1.0, 9.0, 3.0))["pet"])


def test_who_walks_along_the_lane_crosses_no_way_of_the_cars():
    (walker,) = DRIVE.walkers
    along = dataclasses.replace(
        DRIVE, walkers=(dataclasses.replace(walker, placed=dataclasses.replace(walker.placed, yaw=0.0)),)
    )
    passed = [
        instant(0.0, 12.0, 0.5),
        instant(1.0, 3.0, 0.5),
        instant(2.0, -1.0, 0.5),
        instant(3.0, -1.5, 0.5),
    ]
    assert record(*passed)["pet"] == 2.0 - 3.0
    assert math.isnan(record(*(dataclasses.replace(now, drive=along) for now in passed))["pet"])


def test_the_delay_to_braking_runs_from_the_first_sight():
    found = record(
        instant(0.0, 12.0, 3.0, pedal=-1.0),
        instant(0.1, 11.5, 3.0, seen=True, pedal=0.5),
        instant(0.4, 10.0, 3.0, seen=True, pedal=-0.5),
    )
    assert found["seen_at"] == 0.1
    assert found["brake_delay"] == pytest.approx(0.3)


def test_the_nearest_moment_is_of_those_in_which_the_child_is_in_sight_and_in_the_way():
    # in the way is within 1.25 m of the car's middle: half of its 2 m and of the child's 0.5 m
    found = record(
        instant(0.0, 12.0, 1.2, seen=True),
        instant(1.0, 6.0, 1.2),
        instant(1.5, 4.0, 0.5, seen=True),
        instant(2.0, 3.9, 0.0),
        instant(2.5, 3.0, -1.3, seen=True),
        instant(3.0, -4.0, 0.0, seen=True),  # behind
    )
    assert found["nearest_at"] == 1.5
    assert math.isnan(record(instant(0.0, 12.0, 1.2), instant(1.0, 6.0, 1.2))["nearest_at"])


def test_the_first_pixel_counts_before_the_line_of_sight():
    measures = Measures(instant(0.0, 12.0, 3.0))
    measures.add(instant(0.1, 11.5, 3.0), pixels=3)
    measures.add(instant(0.3, 10.5, 3.0, seen=True, pedal=-1.0), pixels=40)
    found = measures.record()
    assert (found["pixel_at"], found["seen_at"]) == (0.1, 0.3)
    assert found["brake_delay"] == pytest.approx(0.2)


def test_braking_before_the_first_pixel_is_no_reaction_to_it():
    measures = Measures(instant(0.0, 12.0, 3.0))
    measures.add(instant(0.1, 11.5, 3.0, seen=True, pedal=-1.0), pixels=0)
    measures.add(instant(0.2, 11.0, 3.0, seen=True, pedal=-1.0), pixels=2)
    assert measures.record()["brake_delay"] == 0.0


def test_comfort_is_judged_by_braking_and_jerk_and_not_by_the_blow():
    # 5 -> 4.8 -> 4.3 m/s: -2 then -5 m/s2, a jerk of 30 m/s3
    hard = record(
        instant(0.0, 12.0, 3.0), instant(0.1, 11.5, 3.0, speed=4.8), instant(0.2, 11.0, 3.0, speed=4.3)
    )
    assert hard["hardest_braking"] == pytest.approx(5.0)
    assert hard["hardest_jerk"] == pytest.approx(30.0)
    assert not hard["comfortable"]
    struck = record(instant(0.0, 12.0, 3.0), instant(0.1, 11.5, 3.0, speed=1.0), struck=True)
    assert struck["hardest_braking"] == 0.0
    assert struck["comfortable"]


def test_the_driving_score_is_route_completion_times_the_penalty():
    begin = LINE - 12.0 - 2.0
    half = 14.0 - (DRIVE.finish - begin) / 2  # where the ego's centre has come half of the way
    found = record(instant(0.0, 12.0, 3.0), instant(1.0, half - 2.0, 3.0), outcome="hit_child")
    assert found["route_completion"] == pytest.approx(0.5)
    assert found["driving_score"] == pytest.approx(0.25)


def test_a_child_that_the_blow_throws_ahead_was_still_hit():
    before = instant(0.0, 1.0, 0.0, speed=15.0)
    thrown = dataclasses.replace(before.children[0], x=LINE + 1.4, velocity_x=15.0)
    after = dataclasses.replace(instant(0.1, -0.5, 0.0, speed=14.5), children=(thrown,))
    outcome, speed, location = ending(before, after)
    # from 1 m to the line, 0.25 m of child, 0.03 m of touch: 48 % of 1.5 m
    assert outcome == "hit_child"
    assert speed == pytest.approx(15.0 - 0.48 * 0.5, abs=0.01)
    # the child's centre has gone 0.048 m to the left of the 2 m wide car's middle
    assert location == pytest.approx(50.0 + 2.4, abs=0.1)


def test_a_test_run_is_valid_only_within_its_tolerances():
    speed = DRIVE.start_speed
    assert deviation(instant(0.0, 11.0, 4.0, speed=speed + 0.9 / 3.6)) == ""
    assert "+1.10 km/h off the test speed" in deviation(instant(0.0, 11.0, 4.0, speed=speed + 1.1 / 3.6))
    aside = dataclasses.replace(instant(0.0, 11.0, 4.0, speed=speed), ego=box(LINE - 13.0, 0.06, speed=speed))
    assert "+0.060 m off its path" in deviation(aside)


def test_a_target_off_its_timetable_makes_a_run_invalid():
    before, after = instant(1.0, 8.0, 3.3), instant(1.1, 7.7, 3.2)
    walker = DRIVE.walkers[0]
    come = walker.side - 3.2
    assert deviation(after, before, lambda _: come) == ""
    assert "ahead" in deviation(after, before, lambda _: come - 0.06)
    assert deviation(after, before, lambda _: None) == "", "it has not set off"
