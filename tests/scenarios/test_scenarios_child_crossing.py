"""The child crossing as data: reproducible, disjoint between suites, and geometrically sound."""

import pytest

from scenarios.child_crossing import EGO_LENGTH, FINISH, INNER_EDGE, OCCLUDERS, STREET, blueprint_pool, draw

MANY = [draw("train", seed) for seed in range(300)]


def test_a_seed_gives_the_same_episode_and_another_suite_another():
    assert draw("train", 7) == draw("train", 7)
    heldout = {draw("heldout", seed).line for seed in range(300)}
    assert heldout.isdisjoint(s.line for s in MANY)


def test_an_unknown_suite_names_the_choices():
    with pytest.raises(ValueError, match="choose one of: train, heldout"):
        draw("tests", 0)


def test_half_the_episodes_have_a_child():
    # 300 fair coins: outside 110..190 with probability below 1e-5
    assert 110 < sum(bool(s.walkers) for s in MANY) < 190


def test_the_van_leaves_the_lane_free_and_hides_the_child():
    for scenario in MANY:
        length, width = OCCLUDERS[scenario.occluder.blueprint]
        assert scenario.occluder.y - width / 2 == pytest.approx(STREET.lane_centre + INNER_EDGE)
        gap = scenario.line - 0.25 - (scenario.occluder.x + length / 2)
        assert 0.5 <= gap <= 1.2
        for walker in scenario.walkers:
            assert walker.placed.y - 0.25 > scenario.occluder.y - width / 2


def test_every_episode_fits_on_the_street():
    for scenario in MANY:
        assert scenario.start > 60.0
        assert scenario.finish == scenario.line + FINISH < STREET.length - 50.0


def test_heldout_episodes_start_short_of_the_reveal():
    for scenario in (draw("heldout", seed) for seed in range(300)):
        front = scenario.start + EGO_LENGTH / 2
        assert all(scenario.line - front > walker.reveal_distance + 9.0 for walker in scenario.walkers)
        assert scenario.start_speed >= 5.0


def test_training_episodes_also_start_near_and_slow_and_can_still_stop():
    gaps = [(s.line - s.start - EGO_LENGTH / 2, s.start_speed) for s in MANY]
    assert min(gap for gap, _ in gaps) < 12.0
    assert min(speed for _, speed in gaps) < 3.0
    assert all(speed**2 / (2 * 6.0) < gap - 3.9 for gap, speed in gaps)


def test_parked_cars_touch_neither_the_van_nor_the_childs_line():
    for scenario in MANY:
        for car in scenario.parked:
            if car.y > 0:
                assert abs(car.x - scenario.line) > 6.0
                assert abs(car.x - scenario.occluder.x) > 5.0


def test_the_pool_holds_every_actor_an_episode_needs_once():
    pool = blueprint_pool()
    assert len(set(pool)) == len(pool)
    for scenario in MANY:
        needed = [scenario.occluder.blueprint, *(car.blueprint for car in scenario.parked)]
        needed += [walker.placed.blueprint for walker in scenario.walkers]
        assert len(set(needed)) == len(needed)
        assert set(needed) <= set(pool)


def test_the_child_goes_on_until_it_is_across_the_street():
    walker = next(s.walkers[0] for s in MANY if s.walkers)
    assert walker.way == 1.0, "it comes from the right"
    assert walker.side - walker.reach == pytest.approx(-6.0)
    assert walker.travelled(1.0) == walker.speed
    assert walker.travelled(60.0) == walker.reach


def test_the_distribution_is_that_of_every_driver_trained_before():
    """Figures of the first release: a change of the scenario would make its drivers' results void."""
    seventh, first = draw("train", 7), draw("heldout", 1)
    assert (seventh.start, seventh.start_speed, seventh.line) == (
        94.02795929760806,
        5.61948081250425,
        135.5444248390064,
    )
    assert not seventh.walkers
    child = first.walkers[0]
    assert (first.line, first.start_speed) == (252.7489567472402, 5.09431946495322)
    assert (child.speed, child.reveal_distance) == (2.362300254356393, 11.671683050910232)
