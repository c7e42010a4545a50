"""Snapshots judged by hand: visibility, outcomes, rewards, features and scripted drivers."""

import dataclasses
import math
from dataclasses import replace

import numpy as np
import pytest

from driving import features
from driving.contact import needed_braking
from driving.control import STEER_AUTHORITY, command, hold_speed, keep_lane
from driving.drivers import never_brakes, privileged, sees_and_brakes, slow_then_react
from driving.measures import Measures
from driving.outcome import contact, ending
from driving.reward import default, paper
from driving.snapshot import Body, Snapshot
from driving.visibility import Mount, seen
from scenarios.child_crossing import draw

SCENARIO = next(s for s in (draw("train", seed) for seed in range(100)) if s.walkers)
CENTRE = SCENARIO.lane_centre
MOUNT = Mount(1.2, 1.45, math.radians(80.0))


def ego(x, *, speed=10.0, offset=0.0):
    return Body(
        x=x, y=CENTRE + offset, z=0.75, yaw=0.0, velocity_x=speed, velocity_y=0.0,
        length=4.9, width=1.84, height=1.5,
    )  # fmt: skip


def child(forward, right, *, speed=2.0):
    """A child so far ahead of the line and right of the lane centre, running to the left."""
    return Body(
        x=SCENARIO.line + forward, y=CENTRE + right, z=0.55, yaw=-math.pi / 2, velocity_x=0.0,
        velocity_y=-speed, length=0.5, width=0.5, height=1.1,
    )  # fmt: skip


VAN = Body(
    x=SCENARIO.line - 4.0, y=CENTRE + 2.9, z=1.3, yaw=0.0, velocity_x=0.0, velocity_y=0.0,
    length=5.9, width=2.0, height=2.6,
)  # fmt: skip


def snapshot(ego_body, child_body=None, *, seen_now=False, standstill=0.0, steer=0.0, pedal=0.0, time=0.0):
    return Snapshot(
        frame=1, time=time, ego=ego_body, occluder=VAN, others=(),
        drive=SCENARIO if child_body else dataclasses.replace(SCENARIO, walkers=()),
        children=(child_body,) if child_body else (), seen=(seen_now,) if child_body else (),
        steer=steer, pedal=pedal, standstill=standstill, collided_with=None,
    )  # fmt: skip


def test_a_child_behind_the_van_is_not_seen_and_one_beside_the_lane_is():
    car = ego(SCENARIO.line - 25.0)
    assert not seen(MOUNT, car, child(0.0, 2.6), [VAN])
    assert seen(MOUNT, car, child(0.0, 0.5), [VAN])


def test_a_child_far_off_is_hidden_by_a_van_as_far_off_and_not_by_one_behind_it():
    car = ego(SCENARIO.line - 70.0)
    assert not seen(MOUNT, car, child(0.0, 2.6), [VAN])
    assert seen(MOUNT, car, child(0.0, 2.6), [replace(VAN, x=SCENARIO.line + 8.0)])
    across = replace(car, y=car.x, x=-CENTRE, yaw=math.pi / 2)  # the same on a street that runs another way
    turned = [
        replace(body, x=-body.y, y=body.x, yaw=body.yaw + math.pi / 2) for body in (child(0.0, 2.6), VAN)
    ]
    assert not seen(MOUNT, across, turned[0], turned[1:])


def test_a_child_behind_the_camera_is_not_seen():
    assert not seen(MOUNT, ego(SCENARIO.line + 3.0), child(0.0, 0.0), [])


def test_driving_through_a_child_within_one_step_is_a_hit_at_the_speed_of_that_moment():
    before = snapshot(ego(SCENARIO.line - 3.7, speed=10.0), child(0.0, 0.0, speed=0.0))
    after = snapshot(ego(SCENARIO.line - 2.7, speed=9.0), child(0.0, 0.0, speed=0.0), time=0.1)
    # front 1.25 m before the line, child's face 0.25 m before it, touching 0.03 m early: 97 % of the step
    outcome, speed, location = ending(before, after)
    assert outcome == "hit_child"
    assert location == pytest.approx(50.0)
    assert speed == pytest.approx(10.0 - 0.97 * 1.0, abs=0.02)


def test_a_car_that_has_bounced_off_when_the_step_ends_has_hit_at_the_speed_it_came_with():
    # 0.3 m before the parked van and straight behind it at 10 m/s; after 0.1 s 4 cm away, going backwards
    gap = VAN.x - VAN.length / 2 - 4.9 / 2
    before, after = (
        snapshot(ego(gap - 0.3, offset=2.9)),
        snapshot(ego(gap - 0.04, offset=2.9, speed=-1.0), time=0.1),
    )
    found = ending(before, after)
    assert found.outcome == "hit_other"
    assert found.impact_speed == pytest.approx(10.0)
    assert found.impact_location == pytest.approx(50.0)


def test_a_car_that_is_stopped_late_in_the_step_has_hit_at_the_speed_it_came_with():
    # at 9.5 m/s 0.9 m before the van, and almost stopped by the blow: it strays by less than 0.15 m
    gap = VAN.x - VAN.length / 2 - 4.9 / 2
    before = snapshot(ego(gap - 0.9, offset=2.9, speed=9.5))
    found = ending(before, snapshot(ego(gap - 0.01, offset=2.9, speed=1.2), time=0.1))
    assert found.outcome == "hit_other"
    assert found.impact_speed == pytest.approx(9.5)


def test_a_car_that_brakes_as_hard_as_tyres_can_before_the_van_has_not_hit_it():
    gap = VAN.x - VAN.length / 2 - 4.9 / 2
    before = snapshot(ego(gap - 0.2, offset=2.9, speed=1.5))
    assert contact(before, snapshot(ego(gap - 0.1, offset=2.9, speed=0.5), time=0.1)) is None


@pytest.mark.parametrize(
    ("limit", "slower", "faster"), [(36, 1.9, 2.1), (20, 1.9, 2.1), (10, 1.3, 1.5)]
)  # km/h, then m/s: where 10 km/h are allowed, 6 are no standing
def test_who_creeps_idles_by_the_limit_unless_somebody_is_in_sight_to_wait_for(limit, slower, faster):
    drive = dataclasses.replace(SCENARIO, speed_limit=limit / 3.6, walkers=())
    slow, fast = (
        dataclasses.replace(snapshot(ego(SCENARIO.line - 10.0, speed=speed)), drive=drive)
        for speed in (slower, faster)
    )
    assert slow.idles
    assert not fast.idles
    assert not snapshot(ego(SCENARIO.line - 10.0, speed=0.0), child(0.0, 0.5), seen_now=True).idles


def test_leaving_the_lane_arriving_and_standing_end_an_episode():
    before = snapshot(ego(SCENARIO.line - 30.0))
    assert ending(before, snapshot(ego(SCENARIO.line - 29.0, offset=-1.3)))[0] == "left_lane"
    near = snapshot(ego(SCENARIO.finish - 0.5))
    assert ending(near, snapshot(ego(SCENARIO.finish + 0.5)))[0] == "arrived"
    assert ending(before, snapshot(ego(SCENARIO.line - 30.0, speed=0.0), standstill=3.0))[0] == "stuck"
    assert ending(before, snapshot(ego(SCENARIO.line - 29.0)))[0] is None


@pytest.mark.parametrize("what", ["child", "oncoming", "other"])
def test_what_the_collision_sensor_alone_tells_of_is_a_hit_at_the_higher_speed(what):
    before, after = snapshot(ego(200.0, speed=7.0)), snapshot(ego(200.7, speed=6.0), time=0.1)
    assert ending(before, replace(after, collided_with=what))[:2] == (f"hit_{what}", 7.0)
    faster = replace(after, ego=ego(200.7, speed=8.0), collided_with=what)
    assert ending(before, faster)[:2] == (f"hit_{what}", 8.0)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"offset": 1.24}, None),
        ({"offset": 1.26}, "left_lane"),
        ({"offset": -1.24}, None),
        ({"offset": -1.26}, "left_lane"),
        ({"yaw": 0.69}, None),
        ({"yaw": 0.71}, "left_lane"),
        ({"yaw": -0.71}, "left_lane"),
        ({"standstill": 2.9}, None),
        ({"standstill": 3.0}, "stuck"),
        ({"x": SCENARIO.finish - 0.01}, None),
        ({"x": SCENARIO.finish}, "arrived"),
    ],
)
def test_an_episode_ends_at_its_bounds_and_not_before(changes, outcome):
    at = {"x": 250.0, "offset": 0.0, "yaw": 0.0, "standstill": 0.0, **changes}
    car = replace(ego(at["x"], offset=at["offset"]), yaw=at["yaw"])
    before = snapshot(replace(car, x=at["x"] - 0.01))
    assert ending(before, snapshot(car, standstill=at["standstill"])).outcome == outcome


def test_of_two_who_are_touched_in_a_step_the_first_counts_and_parked_cars_are_touched_too():
    near, far = replace(VAN, x=260.0, y=CENTRE), replace(VAN, x=260.5, y=CENTRE)
    gap = 260.0 - VAN.length / 2 - 4.9 / 2
    before, after = snapshot(ego(gap - 0.5)), snapshot(ego(gap + 0.5), time=0.1)
    one, both = (
        ending(replace(before, others=others), replace(after, others=others))
        for others in ((near,), (far, near))
    )
    assert one.outcome == both.outcome == "hit_other"
    assert one == both
    child_first = snapshot(
        ego(gap - 0.5), child(260.0 - VAN.length / 2 - 0.3 - SCENARIO.line, 0.0, speed=0.0)
    )
    moved = replace(child_first, ego=ego(gap + 0.5), time=0.1)
    found = ending(replace(child_first, others=(near,)), replace(moved, others=(near,)))
    assert found.outcome == "hit_child"


def test_only_a_visible_child_on_the_roadway_is_a_cause_to_stand():
    car = ego(SCENARIO.line - 6.0, speed=0.0)
    assert snapshot(car, child(0.0, 1.0), seen_now=True).waits_for_child
    assert not snapshot(car, child(0.0, 1.0)).waits_for_child, "nobody waits for what cannot be seen"
    assert not snapshot(car, child(0.0, -3.0), seen_now=True).waits_for_child, "it has crossed"


def test_the_default_reward_pays_a_tenth_per_step_at_the_limit_and_a_failure_costs_forty():
    before, after = snapshot(ego(200.0)), snapshot(ego(201.0))
    assert sum(default(before, after, None).values()) == pytest.approx(0.1)
    assert default(before, after, "hit_child")["failure"] == -40.0
    assert default(before, after, "arrived")["arrival"] == 20.0


def test_a_hit_costs_the_more_the_faster_it_is_and_another_failure_as_much_as_one_at_the_limit():
    slow, fast = (snapshot(ego(200.0, speed=speed)) for speed in (2.0, 8.0))
    costs = [default(before, before, "hit_other")["impact"] for before in (slow, fast)]
    assert costs == [-8.0, -32.0]
    for outcome in ("left_lane", "stuck"):
        assert default(slow, slow, outcome)["impact"] == pytest.approx(-4.0 * SCENARIO.speed_limit)
    for outcome in (None, "arrived"):
        assert default(fast, fast, outcome)["impact"] == 0.0


@pytest.mark.parametrize("outcome", ["hit_child", "hit_oncoming", "hit_other", "left_lane", "stuck"])
def test_every_failure_costs_and_the_lane_is_worth_keeping(outcome):
    centre, aside = snapshot(ego(200.0)), snapshot(ego(200.0, offset=1.0))
    assert default(centre, centre, outcome)["failure"] == -40.0
    assert default(centre, aside, None)["lane"] == pytest.approx(-0.05)
    assert default(aside, centre, None)["lane"] == 0.0


def test_the_papers_terms_by_hand():
    start, route = SCENARIO.start, SCENARIO.finish - SCENARIO.start
    before = snapshot(ego(start + 0.19 * route))
    after = snapshot(ego(start + 0.31 * route), steer=0.5, pedal=-1.0)
    terms = paper(before, after, None)
    assert terms["waypoints"] == 2.0
    assert terms["effort"] == pytest.approx(-0.025 * (math.log(1.5) + math.log(2.0)))
    assert (terms["completion"], terms["collision"], terms["lane_invasion"]) == (0.0, 0.0, 0.0)
    assert paper(before, after, "arrived")["completion"] == 10.0
    assert paper(before, after, "left_lane")["lane_invasion"] == -1.0
    for outcome in ("hit_child", "hit_oncoming", "hit_other"):
        assert paper(before, after, outcome)["collision"] == -1.0


@pytest.mark.parametrize(
    ("limit", "speed", "cost"), [(10.0, 10.0, 0.0), (10.0, 11.0, -0.2), (2.5, 3.75, -1.0), (20.0, 5.0, 0.0)]
)
def test_speeding_costs_by_its_share_of_the_limit(limit, speed, cost):
    now = snapshot(ego(200.0, speed=speed))
    now = replace(now, drive=replace(now.drive, speed_limit=limit))
    assert default(now, now, None)["speeding"] == pytest.approx(cost)


@pytest.mark.parametrize(
    ("speed", "gap", "needed"), [(5.0, 5.0, 2.5), (9.0, 5.0, 8.1), (8.0, 1.0, 32.0), (0.0, 1.0, 0.0)]
)
def test_who_must_brake_harder_than_comfort_has_it_pays_for_how_much_harder(speed, gap, needed):
    # stopping from v within d takes v^2 / (2 d); the ego's front is 2.45 m on, the child's side 0.25 m before
    near = snapshot(ego(SCENARIO.line - 2.45 - 0.25 - gap, speed=speed), child(0.0, 0.0, speed=0.0))
    assert needed_braking(near) == pytest.approx(needed)
    paid = default(near, near, None)["conflict"]
    assert paid == pytest.approx(-1.0 * max(min(needed, 10.0) - 4.05, 0.0))


def test_nobody_pays_for_a_child_who_stays_beside_the_way_or_in_contact_at_a_standstill():
    fast = ego(SCENARIO.line - 6.0, speed=9.0)
    assert default(fast_by := snapshot(fast, child(0.0, 2.6, speed=0.0)), fast_by, None)["conflict"] == 0.0
    assert needed_braking(snapshot(ego(SCENARIO.line, speed=0.0), child(0.0, 0.0))) == 0.0
    assert needed_braking(snapshot(ego(SCENARIO.line, speed=1.0), child(0.0, 0.0))) == math.inf


def test_the_papers_reward_is_one_per_step_for_the_controllers_own_action():
    pedal = hold_speed(10.0, 5.0)
    before, after = snapshot(ego(200.0, speed=5.0)), snapshot(ego(200.0, speed=5.0), pedal=pedal)
    assert paper(before, after, None)["controller"] == pytest.approx(1.0)


def test_the_papers_controller_knows_how_far_the_wheels_turn_at_action_one():
    behind = ego(200.0, speed=5.0, offset=0.4)
    drive = replace(SCENARIO, steer_authority=0.25)
    steer = keep_lane(0.4, 0.0, 5.0, steer_authority=0.25)
    pedal = hold_speed(10.0, 5.0)
    before, after = (
        replace(snapshot(behind, pedal=pedal, steer=steer), drive=replace(drive, walkers=()))
        for _ in range(2)
    )
    assert paper(before, after, None)["controller"] == pytest.approx(1.0)


def test_the_state_hides_nothing_and_telemetry_tells_nothing_of_the_child():
    with_child = snapshot(ego(SCENARIO.line - 20.0), child(0.0, 2.6))
    without = snapshot(ego(SCENARIO.line - 20.0))
    changed = features.state(with_child) != features.state(without)
    assert set(np.array(list(features.STATE))[changed]) <= {
        "child_present", "child_forward", "child_right", "child_velocity_forward", "child_velocity_right",
    }  # fmt: skip
    assert changed.any()
    assert (features.telemetry(with_child) == features.telemetry(without)).all()


def test_what_only_the_scenario_knows_is_told_apart_from_the_state():
    told = dict(
        zip(features.EXOGENOUS, features.exogenous(snapshot(ego(200.0), child(0.0, 2.6))), strict=True)
    )
    (walker,) = SCENARIO.walkers
    assert told["child_reveal"] == pytest.approx(walker.reveal_distance / 10.0)
    assert told["child_speed"] == pytest.approx(walker.speed / 3.0)
    assert not features.exogenous(snapshot(ego(200.0))).any()


def test_the_child_appears_in_the_seen_features_only_when_seen():
    names = list(features.STATE)
    hidden = features.state(snapshot(ego(SCENARIO.line - 20.0), child(0.0, 2.6)))
    visible = features.state(snapshot(ego(SCENARIO.line - 20.0), child(0.0, 2.6), seen_now=True))
    assert hidden[names.index("child_seen_right")] == 0.0
    assert visible[names.index("child_seen_right")] == visible[names.index("child_right")]


def test_a_command_has_one_pedal_and_clipped_actions():
    told = command([2.0, -0.5])
    assert (told.throttle, told.brake, told.steer) == (0.0, 0.5, STEER_AUTHORITY)
    with pytest.raises(ValueError, match="two finite numbers"):
        command([math.nan, 0.0])


def test_lane_keeping_steers_back():
    assert keep_lane(0.5, 0.0, 10.0) < 0 < keep_lane(-0.5, 0.0, 10.0)
    assert keep_lane(0.0, 0.1, 10.0) < 0


def test_only_the_privileged_driver_slows_for_a_hidden_child():
    hidden = snapshot(ego(SCENARIO.line - 12.0), child(0.0, 2.6))
    assert privileged(hidden)[1] < 0
    assert never_brakes(hidden)[1] > 0
    assert sees_and_brakes(hidden)[1] > 0
    assert sees_and_brakes(dataclasses.replace(hidden, seen=(True,)))[1] == -1.0
    assert slow_then_react(hidden)[1] < 0, "it slows beside every van"
    nobody = snapshot(ego(SCENARIO.line - 12.0))
    assert privileged(nobody)[1] > 0


def test_measures_keep_the_worst_moment_and_the_speed_at_the_van():
    start = snapshot(ego(SCENARIO.line - 5.0), child(0.0, 0.0, speed=0.0))
    measures = Measures(start)
    measures.add(snapshot(ego(SCENARIO.line - 3.2, speed=6.0), child(0.0, 0.0, speed=0.0), time=0.1))
    record = measures.record()
    # front 0.75 m before the line, child's face 0.25 m before it, 6 m/s
    assert record["min_ttc"] == pytest.approx(0.5 / 6.0)
    assert record["speed_at_occluder"] == 6.0
    assert record["child"] is True
    assert math.isnan(record["open_speed"]), "the van was near all the time"


def test_speed_counts_as_away_from_the_van_where_comfort_has_room_to_brake():
    # 10 m/s, 4.05 m/s2: 12.35 m before the van's rear, 6.95 m before the line; the ego's front is 2.45 m on
    edge = SCENARIO.line - 6.95 - 12.35 - 2.45
    measures = Measures(snapshot(ego(edge - 2.1), child(0.0, 2.6)))
    measures.add(snapshot(ego(edge - 1.1, speed=4.0), child(0.0, 2.6), time=0.25))
    measures.add(snapshot(ego(edge - 0.1, speed=4.0), child(0.0, 2.6), time=0.5))
    measures.add(snapshot(ego(edge + 0.9, speed=9.0), child(0.0, 2.6), time=0.6))
    assert measures.record()["open_speed"] == pytest.approx(2.0 / 0.5)
    # and beyond it from 10 m/s at 2.4 m/s2 on: 20.8 m after its front, 1.05 m before the line
    far = SCENARIO.line - 1.05 + 20.84 + 2.45
    measures = Measures(snapshot(ego(far - 1.0), child(0.0, -6.0)))
    measures.add(snapshot(ego(far + 0.5), child(0.0, -6.0), time=1.0))
    assert math.isnan(measures.record()["open_speed"])
    measures.add(snapshot(ego(far + 3.5), child(0.0, -6.0), time=1.5))
    assert measures.record()["open_speed"] == pytest.approx(3.0 / 0.5)
