"""The wider scenarios and the standards on the embedded server, driven by scripts."""

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

from driving import features
from driving.drivers import never_brakes, privileged, sees_and_brakes
from driving.overtakers import passes_blindly, peeks_then_passes
from scenarios.catalogue import episodes_of
from scenarios.standards import PROCEDURES

pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]
SMALL = {"image_width": 16, "image_height": 8}


def make(name, **options):
    return gymnasium.make(f"driving.registration:driving/{name}", **(SMALL | options))


def drive(env, seed, driver):
    """The record of an episode."""
    env.reset(seed=seed)
    ended = False
    while not ended:
        _, _, terminated, truncated, info = env.step(driver(env.unwrapped.snapshot))
        ended = terminated or truncated
    return info


@pytest.fixture(scope="module")
def crossings():
    env = make("Crossings-v0", suite="heldout")
    yield env
    env.close()


@pytest.fixture(scope="module")
def truck():
    env = make("OvertakingTruck-v0", suite="heldout")
    yield env
    env.close()


@pytest.fixture(scope="module")
def cpnco():
    env = make("ChildCrossing-v0", suite="cpnco", pixels=True, image_width=96, image_height=48)
    yield env
    env.close()


def test_the_wide_world_is_a_gymnasium_world_whose_expert_reads_the_wide_table(crossings):
    check_env(crossings.unwrapped, skip_render_check=True)
    assert crossings.observation_space["state"].shape == (len(features.WIDE),)


def test_who_knows_arrives_through_bends_groups_and_traffic(crossings):
    drives = [episodes_of("crossings", "heldout").draw(seed) for seed in range(30)]
    telling = [d.seed for d in drives if len(d.walkers) > 1 and d.street.curvature(d.start)][:1]
    telling += [d.seed for d in drives if d.hazard and d.walkers[0].way < 0][:1]
    telling += [d.seed for d in drives if d.follower and d.hazard][:1]
    assert len(telling) == 3
    for seed in telling:
        found = drive(crossings, seed, privileged)
        assert found["outcome"] == "arrived"
        assert found["min_gap"] > 0.3


def test_who_stands_in_the_lane_leaves_it_once_a_car_has_waited(crossings):
    draws = (episodes_of("crossings", "heldout").draw(seed) for seed in range(200))
    seed = next(d.seed for d in draws if d.hazard and d.occluder is None and d.walkers[0].delay)
    crossings.reset(seed=seed)
    moved: list[tuple[float, bool]] = []  # s, and whether the walker goes
    ended = False
    while not ended:
        now = crossings.unwrapped.snapshot
        moved.append((now.time, now.children[0].speed > 0.1))
        _, _, terminated, truncated, info = crossings.step(privileged(now))
        ended = terminated or truncated
    assert info["outcome"] == "arrived"
    first = next(time for time, goes in moved if goes)
    called = first - now.drive.walkers[0].delay
    assert called > -0.2, "it waits its delay from when the car has come near"
    assert all(goes is (time >= first) for time, goes in moved if time < first + 1.0)


def test_a_blind_driver_meets_who_comes_and_a_peeking_one_waits(truck):
    seed = next(s for s in range(20) if episodes_of("overtaking_truck", "heldout").draw(s).hazard)
    blind = drive(truck, seed, passes_blindly)
    assert blind["outcome"] == "hit_oncoming"
    assert blind["impact_speed"] > 20.0, "both speeds together"
    assert drive(truck, seed, peeks_then_passes)["outcome"] == "arrived"


def test_the_same_seed_gives_the_same_overtaking_after_another(truck):
    first = drive(truck, 3, peeks_then_passes)
    drive(truck, 4, passes_blindly)
    again = drive(truck, 3, peeks_then_passes)
    assert repr(first) == repr(again)


def test_an_undisturbed_car_meets_the_target_where_the_protocol_wants(cpnco):
    tests = PROCEDURES["cpnco"].tests
    seed = next(i for i, test in enumerate(tests) if (test.speed, test.column) == (40, "75 %"))
    found = drive(cpnco, seed, never_brakes)
    assert found["outcome"] == "hit_child"
    assert found["impact_location"] == pytest.approx(75.0, abs=5.0)
    assert 3.6 * found["impact_speed"] == pytest.approx(40.0, abs=1.0)
    assert (found["row"], found["column"], found["colour"]) == ("40 km/h", "75 %", "red")
    # the child's first pixel comes when the line of sight does, give or take the picture's coarseness
    assert found["pixel_at"] == pytest.approx(found["seen_at"], abs=0.5)


def test_whoever_brakes_at_sight_is_green_at_40(cpnco):
    found = drive(cpnco, 10, sees_and_brakes)
    assert (found["colour"], found["points"], found["invalid"]) == ("green", 1.0, "")
    assert 0.0 <= found["brake_delay"] < 0.6


def test_the_car_is_at_test_speed_and_on_its_path_at_t0(cpnco):
    for seed in (0, 17):
        cpnco.reset(seed=seed)
        now = cpnco.unwrapped.snapshot
        assert 0.0 <= 3.6 * (now.ego.speed - now.drive.start_speed) <= 1.0
        assert abs(now.offset) < 0.01
        assert (now.drive.line - 0.25 - now.front) / now.ego.speed == pytest.approx(4.0, rel=0.03)


def test_suites_of_other_scenarios_are_refused_by_name():
    with pytest.raises(ValueError, match="unknown suite 'cpnco'; choose one of: train, heldout"):
        make("OvertakingTruck-v0", suite="cpnco")
    with pytest.raises(ValueError, match="unknown scenario 'nowhere'; choose one of: child_crossing"):
        make("ChildCrossing-v0", scenario="nowhere")


@pytest.mark.parametrize(("steps", "outcome"), [(1, "hit_child"), (2, "invalid_run")])
def test_a_target_out_of_its_place_just_before_it_is_touched_was_held_up_by_the_car(
    cpnco, monkeypatch, steps, outcome
):
    undisturbed = drive(cpnco, 10, never_brakes)
    spoilt = undisturbed["duration"] - 0.1 * steps - 0.05
    monkeypatch.setattr(
        "driving.env.deviation", lambda now, *_: "late" if spoilt < now.time < spoilt + 0.1 else ""
    )
    assert drive(cpnco, 10, never_brakes)["outcome"] == outcome
