"""Evaluation: every seed once, in order, whatever the number of worlds; and honest counting."""

import json
import math

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from a2d.errors import WorldError
from a2d.evaluation import (
    EvaluationError,
    WorldsLost,
    append_record,
    evaluate,
    paired_hits,
    read_records,
    summary,
)


class Countdown(gymnasium.Env):
    """Lasts as many steps as its seed says and pays 1 for each; the outcome follows from the seed."""

    observation_space = gymnasium.spaces.Dict({"left": gymnasium.spaces.Box(0, 1e6, (1,), np.float32)})
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = self.seed = seed
        return {"left": np.array([self.left], np.float32)}, {"seed": seed}

    def step(self, action):
        assert self.left > 0, "stepped past the end"
        self.left -= 1
        ended = self.left == 0
        info = {"speed": 1.5}
        if ended:
            hit = self.seed % 3 == 0
            info |= {
                "outcome": "hit_child" if hit else "arrived",
                "child": hit,
                "hazard": hit,
                "min_ttc": math.inf,
            }
        return {"left": np.array([self.left], np.float32)}, 1.0, ended, False, info


def countdowns(count: int) -> SyncVectorEnv:
    return SyncVectorEnv([Countdown] * count, autoreset_mode=AutoresetMode.DISABLED)


def idle():
    return lambda observation: np.zeros(len(observation["left"]), np.int64)


def record(seed: int, outcome: str, **metrics) -> dict:
    return {"seed": seed, "suite": "heldout", "return": 1.0, "steps": 10, "outcome": outcome, **metrics}


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_seed_is_driven_once_and_reported_in_order(count):
    seeds = [7, 2, 9, 1, 4]
    records = evaluate(countdowns(count), idle, seeds)
    assert [(r["seed"], r["steps"], r["return"]) for r in records] == [(s, s, float(s)) for s in seeds]
    assert [r["outcome"] for r in records] == ["arrived", "arrived", "hit_child", "arrived", "arrived"]
    assert records[2]["child"] is True
    assert records[2]["speed"] == 1.5


class Countdowns(SyncVectorEnv):
    """Two groups of worlds, which are stepped in turn; no group is asked twice before it has answered."""

    def __init__(self, each):
        self.groups = [_Group(countdowns(each)) for _ in range(2)]
        super().__init__([Countdown] * 2 * each, autoreset_mode=AutoresetMode.DISABLED)


class _Group:
    def __init__(self, worlds):
        self.worlds, self.num_envs, self.actions = worlds, worlds.num_envs, None

    def reset(self, **options):
        assert self.actions is None
        return self.worlds.reset(**options)

    def step_async(self, actions):
        assert self.actions is None
        self.actions = actions

    def step_wait(self):
        actions, self.actions = self.actions, None
        return self.worlds.step(actions)


@pytest.mark.parametrize(("each", "seeds"), [(1, [7, 2, 9, 1, 4]), (2, [3, 1, 4, 2, 6, 5]), (3, [2, 1])])
def test_groups_of_worlds_give_what_all_together_give_and_are_left_with_no_step_begun(each, seeds):
    worlds = Countdowns(each)
    assert evaluate(worlds, idle, seeds) == evaluate(countdowns(2 * each), idle, seeds)
    assert all(group.actions is None for group in worlds.groups)


def test_each_group_has_a_driver_of_its_own_which_sees_that_group_alone():
    seen = []

    def make():
        mine = []
        seen.append(mine)

        def act(observation):
            mine.append(observation["left"][:, 0].tolist())
            return idle()(observation)

        return act

    evaluate(Countdowns(1), make, [2, 1, 3])
    assert seen == [[[2.0], [1.0]], [[1.0], [3.0], [2.0], [1.0]]]
    seen.clear()
    evaluate(Countdowns(1), make, [2])
    assert seen == [[[2.0], [1.0]], []]  # the second group has no seed to drive


def test_of_a_group_that_fails_the_seeds_of_all_groups_are_named():
    worlds = Countdowns(2)

    def fail():
        raise WorldError("gone")

    worlds.groups[1].step_wait = fail
    heard = []
    with pytest.raises(WorldsLost, match="gone") as lost:
        evaluate(worlds, idle, [1, 8, 9, 7, 6], progress=heard.append)
    assert [record["seed"] for record in heard] == [1]
    assert sorted(lost.value.seeds) == [6, 7, 8, 9]


def test_a_driver_is_told_whose_episode_has_just_begun():
    told = []

    def act(observation):
        told.append((observation["left"][:, 0].tolist(), observation["began"].tolist()))
        return idle()(observation)

    evaluate(countdowns(2), lambda: act, [1, 3, 2])
    assert told == [
        ([1.0, 3.0], [True, True]),
        ([2.0, 2.0], [True, False]),
        ([1.0, 1.0], [False, False]),
    ]


def test_progress_hears_of_each_episode_when_it_ends():
    heard = []
    evaluate(countdowns(2), idle, [5, 1, 2], progress=lambda record: heard.append(record["seed"]))
    assert heard == [1, 2, 5]


def greedy():
    return lambda observation: np.asarray(observation["compact"]).argmax(axis=1) % 4


def test_frozen_lake_gives_the_same_records_in_any_number_of_worlds():
    from scenarios.gridworlds.registration import register

    register()
    results = []
    for count in (1, 3, 16):
        worlds = gymnasium.make_vec(
            "gridworlds/FrozenLake-v0",
            num_envs=count,
            vectorization_mode="vector_entry_point",
            vector_kwargs={},
            suite="heldout",
        )
        results.append(evaluate(worlds, greedy, range(20)))
        worlds.close()
    assert results[0] == results[1] == results[2]
    assert {r["outcome"] for r in results[0]} <= {"goal", "hazard", "timeout"}


def test_worlds_that_reset_themselves_are_refused():
    with pytest.raises(EvaluationError, match="DISABLED"):
        evaluate(SyncVectorEnv([Countdown]), idle, [1])


def test_a_seed_given_twice_is_refused():
    with pytest.raises(EvaluationError, match="once"):
        evaluate(countdowns(1), idle, [1, 1])


def test_no_seeds_give_no_records():
    assert evaluate(countdowns(1), idle, []) == []


def test_a_summary_counts_what_happened():
    result = summary(
        [
            record(
                0,
                "hit_child",
                child=True,
                hazard=True,
                impact_speed=4.0,
                duration=3.0,
                speed_at_occluder=math.nan,
            ),
            record(1, "hit_child", child=True, hazard=True, impact_speed=6.0, duration=3.0),
            record(2, "arrived", child=True, hazard=True, impact_speed=0.0, duration=12.0),
            record(
                3,
                "arrived",
                child=False,
                hazard=False,
                impact_speed=0.0,
                duration=10.0,
                speed_at_occluder=6.0,
            ),
            record(4, "hit_other", child=False, hazard=False, impact_speed=2.0, duration=5.0),
            record(5, "server_restarted", child=True, hazard=True, impact_speed=0.0, duration=1.0),
        ]
    )
    assert (result.episodes, result.invalid) == (5, 1)
    assert (result.hits.count, result.hits.total) == (3, 5)
    assert result.hits_given_hazard is not None
    assert (result.hits_given_hazard.count, result.hits_given_hazard.total) == (2, 3)
    assert result.main_hits is result.hits_given_hazard
    assert (result.arrivals.count, result.arrivals.total) == (2, 5)
    assert result.impact_speeds == (2.0, 4.0, 6.0)
    assert (result.impact_speed_mean, result.impact_speed_median) == (4.0, 4.0)
    assert result.arrival_duration is not None
    assert result.arrival_duration.value == 11.0
    assert result.occluder_speed is not None
    assert result.occluder_speed.value == 6.0
    assert result.outcomes == {"hit_child": 2, "arrived": 2, "hit_other": 1, "server_restarted": 1}


def test_how_often_braking_followed_on_sight_counts_who_was_seen_alone():
    found = summary(
        [
            record(0, "arrived", child=True, hazard=True, seen_at=1.0, brake_delay=0.2),
            record(1, "hit_child", child=True, hazard=True, seen_at=2.0, brake_delay=math.nan),
            record(2, "arrived", child=False, hazard=False, seen_at=math.nan, brake_delay=math.nan),
            record(3, "arrived", child=False, hazard=False, seen_at=None, brake_delay=None),
        ]
    )
    assert found.sighted == 2
    assert found.brake_delay.total == 1


def test_who_comes_is_a_hazard_as_a_child_is_and_running_into_the_truck_is_another_hit():
    comes, nobody = {"child": False, "hazard": True}, {"child": False, "hazard": False}
    records = [
        record(0, "hit_oncoming", **comes),
        record(1, "hit_other", **comes),
        record(2, "arrived", **comes),
        record(3, "hit_other", **nobody),
    ]
    result = summary(records)
    assert (result.hazard, result.hits.count) == ("oncoming", 3)
    assert result.hits_given_hazard is not None
    assert (result.hits_given_hazard.count, result.hits_given_hazard.total) == (1, 3)
    better = [record(0, "arrived", **comes), *records[1:]]
    difference = paired_hits(better, records)
    assert (difference.only_first, difference.only_second, difference.neither) == (0, 1, 2)


def test_a_gridworlds_hazard_is_a_hit_and_its_goal_an_arrival():
    result = summary([record(0, "goal"), record(1, "hazard"), record(2, "timeout")])
    assert (result.hits.count, result.arrivals.count, result.hits_given_hazard) == (1, 1, None)
    assert result.arrival_duration is None


def test_a_summary_is_plain_json_without_infinities():
    plain = summary([record(0, "goal")]).as_json()
    assert json.loads(json.dumps(plain, allow_nan=False))["episode_return"]["high"] is None
    assert plain["hits"] == {
        "count": 0,
        "total": 1,
        "rate": 0.0,
        "low": 0.0,
        "high": pytest.approx(3.8415 / 4.8415, abs=1e-4),
    }


def test_drivers_are_compared_on_the_seeds_they_share_given_a_hazard():
    first = [record(seed, "arrived", child=seed > 0, hazard=seed > 0) for seed in range(5)]
    second = [
        record(seed, "hit_child" if seed in (1, 2, 9) else "arrived", child=seed > 0, hazard=seed > 0)
        for seed in (0, 1, 2, 3, 9)
    ]
    difference = paired_hits(first, second)
    assert (difference.both, difference.only_first, difference.only_second, difference.neither) == (
        0,
        0,
        2,
        1,
    )


def test_an_invalid_run_is_not_compared():
    difference = paired_hits([record(0, "goal")], [record(0, "server_restarted")])
    assert difference.total == 0


def test_records_come_back_from_their_file(tmp_path):
    path = tmp_path / "heldout.jsonl"
    append_record(path, record(3, "arrived", min_ttc=math.inf))
    append_record(path, record(1, "server_restarted"))
    append_record(path, record(1, "hit_child"))
    records = read_records(path)
    assert [(r["seed"], r["outcome"]) for r in records] == [(1, "hit_child"), (3, "arrived")]
    assert records[1]["min_ttc"] is None


def test_a_half_written_last_line_is_an_episode_to_drive_again(tmp_path):
    path = tmp_path / "heldout.jsonl"
    append_record(path, record(3, "arrived"))
    with path.open("a") as file:
        file.write('{"seed": 4, "outco')
    assert [r["seed"] for r in read_records(path)] == [3]
    append_record(path, record(4, "arrived"))
    assert [r["seed"] for r in read_records(path)] == [3, 4]


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "heldout.jsonl"
    path.write_text('{"seed": 4}\n')
    with pytest.raises(EvaluationError, match=r"heldout\.jsonl, line 1: no episode record"):
        read_records(path)
