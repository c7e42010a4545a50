"""The procedures as data: timing worked by hand, the protocol's layout, colours and points."""

import pytest

from scenarios.catalogue import episodes_of
from scenarios.drive import EGO_LENGTH, EGO_WIDTH
from scenarios.grids import grid_of, grid_table, total
from scenarios.judging import Run, euro_ncap, fmvss127
from scenarios.standards import PROCEDURES, SMALL_CAR, SUV, T0, draw, test_of

test_of.__test__ = False  # it is ours, not pytest's


def seed_of(suite, speed, column):
    tests = PROCEDURES[suite].tests
    return next(i for i, test in enumerate(tests) if test.speed == speed and test.column == column)


@pytest.mark.parametrize(
    ("suite", "column", "seconds"),
    [
        # 4.0 m and 5 km/h: 1 m in 1.44 s, then 3 m in 2.16 s
        ("cpnco", "50 %", 4.0 - 3.6),
        # 25 % of 1.837 m from the right edge is 0.459 m right of the middle: 3.541 m
        ("cpnco", "25 %", 4.0 - (3.5408 + 1.0) / (5 / 3.6)),
        # 6.0 m and 8 km/h with 1.5 m of acceleration
        ("cpfa", "50 %", 4.0 - 7.5 / (8 / 3.6)),
    ],
)
def test_the_target_sets_off_so_that_it_is_there_4_s_after_t0(suite, column, seconds):
    walker = draw(suite, seed_of(suite, 40, column)).walkers[0]
    assert walker.delay == pytest.approx(seconds, abs=1e-4)


@pytest.mark.parametrize("suite", ["cpnco", "cpna", "cpfa"])
def test_every_target_is_at_its_impact_location_4_s_after_t0(suite):
    for seed, test in enumerate(PROCEDURES[suite].tests):
        walker = draw(suite, seed).walkers[0]
        right = walker.side - walker.way * walker.travelled(T0)
        assert 100 * (0.5 - right / EGO_WIDTH) == pytest.approx(test.impact)


def test_a_target_comes_to_speed_evenly_over_its_acceleration_distance():
    walker = draw("cpnco", 0).walkers[0]
    speed = 5 / 3.6
    rise = 2 * 1.0 / speed
    assert walker.travelled(walker.delay + rise) == pytest.approx(1.0)
    assert walker.travelled(walker.delay + rise / 2) == pytest.approx(0.25)
    assert walker.travelled(walker.delay + rise + 1.0) == pytest.approx(1.0 + speed)


def test_the_car_is_4_s_from_the_target_when_the_script_hands_over():
    drive = draw("cpnco", seed_of("cpnco", 60, "50 %"))
    handed_over = drive.start + EGO_LENGTH / 2 + drive.start_speed * (drive.approach + 0.1)
    assert drive.line - 0.25 - handed_over == pytest.approx(4.0 * 60 / 3.6)


def test_who_walks_along_the_path_is_met_4_s_after_t0():
    drive = draw("fmvss127", seed_of("fmvss127", 40, "along the path 25 %"))
    (walker,) = drive.walkers
    front = drive.start + EGO_LENGTH / 2 + drive.start_speed * (drive.approach + 0.1 + T0)
    assert drive.line - 0.1875 + walker.travelled(T0) - front == pytest.approx(0.0, abs=1e-9)
    # 25 % of 1.837 m from the right edge: 0.459 m right of the middle
    assert walker.side == pytest.approx(0.459, abs=1e-3)


def test_the_obstruction_is_the_protocols():
    drive = draw("cpnco", 0)
    small, suv = drive.occluder, drive.parked[0]
    assert drive.line - 0.25 - (small.x + SMALL_CAR[1] / 2) == pytest.approx(1.0)
    assert (small.x - SMALL_CAR[1] / 2) - (suv.x + SUV[1] / 2) == pytest.approx(1.0)
    for car, width in ((small, SMALL_CAR[2]), (suv, SUV[2])):
        assert car.y - width / 2 - drive.lane_centre - EGO_WIDTH / 2 == pytest.approx(1.0)
        assert car.colour == "20,20,20"
    assert 4.1 <= SMALL_CAR[1] <= 4.4
    assert 1.7 <= SMALL_CAR[2] <= 1.9


def test_grids_have_the_protocols_cells():
    counts = {suite: episodes_of("child_crossing", suite).count for suite in PROCEDURES}
    assert counts["cpnco"] == 6 * 3
    assert counts["cpna"] == counts["cpfa"] == 6 * 5
    assert {test.kind for test in PROCEDURES["fmvss127"].tests} == {"crossing", "standing", "along", "empty"}


@pytest.mark.parametrize(
    ("speed", "impact", "colour"),
    [
        (20, 0.1, "red"), (30, 10.0, "brown"), (30, 10.1, "red"), (40, 9.0, "orange"), (40, 20.0, "brown"),
        (40, 21.0, "red"), (50, 10.0, "yellow"), (60, 20.0, "orange"), (60, 30.0, "brown"), (60, 31.0, "red"),
    ],
)  # fmt: skip
def test_euro_ncaps_colours(speed, impact, colour):
    assert euro_ncap(run(speed, hit=True, impact_speed=impact)) == colour
    assert euro_ncap(run(speed, hardest_braking=9.0)) == "green"
    assert euro_ncap(run(speed, left_lane=True)) == "red"


def run(test_speed, **found):
    fine = {"empty": False, "hit": False, "left_lane": False, "impact_speed": 0.0, "hardest_braking": 0.0}
    return Run(test_speed=test_speed, **{**fine, **found})


def test_fmvss_allows_no_contact_and_no_braking_for_nobody():
    assert fmvss127(run(50, hit=True, impact_speed=0.5)) == "red"
    assert fmvss127(run(50, hardest_braking=9.0)) == "green"
    # 0.25 g = 2.4517 m/s2
    assert fmvss127(run(80, empty=True, hardest_braking=2.45)) == "green"
    assert fmvss127(run(80, empty=True, hardest_braking=2.46)) == "red"


@pytest.mark.parametrize("empty", [True, False])
def test_fmvss_is_not_passed_by_who_hits_what_is_parked_there_or_leaves_the_lane(empty):
    assert fmvss127(run(80, empty=empty, hit=True, impact_speed=22.2)) == "red"
    assert fmvss127(run(80, empty=empty, left_lane=True)) == "red"


def episode(seed, outcome, impact_speed=0.0, suite="cpnco"):
    judged = episodes_of("child_crossing", suite).judged(
        seed,
        impact_speed=impact_speed,
        hit=outcome.startswith("hit"),
        left_lane=outcome == "left_lane",
        hardest_braking=0.0,
    )
    return {"seed": seed, "outcome": outcome, "impact_speed": impact_speed, **judged}


def test_a_cell_whose_car_left_the_lane_says_so():
    (cell,) = grid_of([episode(12, "left_lane")])
    assert (cell.colour, cell.points, cell.left_lane) == ("red", 0.0, True)
    assert "left lane" in str(grid_table("cpnco", [cell]).columns[1]._cells)


def test_a_cell_shows_its_worst_run_and_counts_invalid_ones_apart():
    runs = [episode(12, "arrived"), episode(12 + 18, "hit_child", 5.0), episode(13, "invalid_run")]
    worst, invalid = grid_of(runs)
    # 5 m/s = 18 km/h at 50 km/h: orange, half a point; with the other run's 1: 0.75
    assert (worst.colour, worst.points, worst.seed, worst.runs) == ("orange", 0.75, 30, 2)
    assert worst.impact_speed == pytest.approx(18.0)
    assert (invalid.runs, invalid.invalid, invalid.colour) == (0, 1, "")
    assert total([worst, invalid]) == (0.75, 1)
