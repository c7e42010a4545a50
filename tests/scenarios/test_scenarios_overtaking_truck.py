"""The truck in the lane as data: what hides, who comes, and when a blind driver would meet them."""

import pytest

from scenarios.overtaking_truck import OTHER_TRUCKS, OVER_THE_LINE, SPEED_LIMIT, TRUCKS, draw

MANY = [draw("heldout", seed) for seed in range(200)]


def test_half_of_the_episodes_have_somebody_coming():
    # 200 fair coins: outside 65..135 with probability below 1e-6
    assert 65 < sum(d.hazard for d in MANY) < 135
    assert not any(draw("decoys", seed).hazard for seed in range(50))


def test_the_truck_blocks_the_lane_and_a_little_of_the_other():
    for drive in MANY:
        length, width = TRUCKS[drive.occluder.blueprint]
        assert drive.occluder.x - length / 2 == pytest.approx(drive.line)
        assert drive.occluder.y - drive.lane_centre - width / 2 == pytest.approx(-OVER_THE_LINE)


def test_whoever_keeps_to_the_limit_meets_the_comer_beside_the_truck():
    for drive in (d for d in MANY if d.oncoming):
        (car,) = drive.oncoming
        length = TRUCKS[drive.occluder.blueprint][0]
        # the ego's front when it calls: so far short of the rear; at the limit it runs to the comer's centre
        time = (car.station - (drive.line - car.reveal_distance)) / (SPEED_LIMIT + car.speed)
        assert 0.0 <= car.at(time) - drive.line <= length


def test_the_shifted_suite_has_other_vehicles():
    shifted = [draw("shifted", seed) for seed in range(30)]
    assert {d.occluder.blueprint for d in shifted} <= set(OTHER_TRUCKS)
    assert {d.oncoming[0].blueprint for d in shifted if d.oncoming}.isdisjoint(
        d.oncoming[0].blueprint for d in MANY if d.oncoming
    )
