"""Every method runs and gives a driver that sees what it may; what cannot be is refused before it starts."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from a2d.acting import Driver
from a2d.cli import application
from a2d.config import METHODS, ConfigError, ExpertConfig, TraineeConfig, load
from a2d.critics import Critic
from a2d.distributions import ActionFamily
from a2d.errors import A2DError
from a2d.learner import Learner, trainee_of
from a2d.loop import train
from a2d.methods import method_of
from a2d.policies import Shapes
from a2d.run import Run
from scenarios.gridworlds import exact
from scenarios.gridworlds.games import GAMES

SHORT = ["env.count=8", "rollout.steps=8", "rollout.interactions=128", "evaluation.episodes=8"]
SHAPES = Shapes(state=34, vectors=(("compact", 25),), image=None, family=ActionFamily("categorical", 4))


def trained(preset, folder, *overrides):
    run = Run.create(folder, load(preset, [f"run={folder}", *overrides]))
    train(run, report=lambda metrics: None)
    return run


def last(run):
    return json.loads(run.metrics_path.read_text().splitlines()[-1])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_and_its_driver_reads_only_what_it_may(tmp_path, method):
    image = ["env.options.observation=image"] if method == "pre_enc" else []
    run = trained("frozen_lake", tmp_path / "run", f"method={method}", *SHORT, *image)
    if image:
        observation = {"image": np.zeros((3, 3, 42, 42), np.uint8)}
    else:
        key, size = ("state", 34) if method in ("rl_mdp", "oil") else ("compact", 25)
        observation = {key: np.zeros((3, size), np.float32)}  # nothing else is there to be read
    driver = Driver(run.load_trainee("cpu"), deterministic=True, generator=None)
    assert driver(observation).shape == (3,)
    assert "eval/return" in last(run)


def test_only_the_critic_of_both_reads_both():
    observation = {"state": torch.randn(4, 34), "compact": torch.randn(4, 25)}
    for reading, reads in ((None, ["state"]), (TraineeConfig(), ["state", "compact"])):
        critic = Critic(SHAPES, ExpertConfig(), reading=reading)
        assert critic.reads == reads
        moved = {**observation, "compact": observation["compact"] + 1.0}
        assert torch.equal(critic(observation), critic(moved)) == (reading is None)


def test_what_happens_whatever_anybody_does_is_for_the_critic_alone():
    told = replace(SHAPES, exogenous=2)
    learner = Learner(load("frozen_lake", []), told, device=torch.device("cpu"))
    assert learner.critic.reads == ["state", "exogenous"]
    for policy in (learner.expert, learner.trainee):
        assert "exogenous" not in policy.reads
    seen = {"state": torch.zeros(1, 34), "exogenous": torch.zeros(1, 2)}
    assert learner.critic(seen) != learner.critic({**seen, "exogenous": torch.ones(1, 2)})


@pytest.mark.parametrize(
    ("method", "changed"),
    [
        ("rl", {"trainee"}),
        ("rl_asym", {"trainee", "critic"}),
        ("rl_asym_unbiased", {"trainee", "critic"}),
        ("rl_mdp", {"expert", "critic"}),
        ("oil", {"trainee", "expert"}),  # the expert network is cloned, for later runs
        ("a2d", {"trainee", "expert"}),  # beta is 0: nobody asks the critic
        ("advisor", {"trainee", "expert"}),
        ("gpo_penalty", {"trainee", "expert", "critic"}),
        ("gpo_clip", {"trainee", "expert", "critic"}),
    ],
)
def test_a_method_changes_the_networks_it_names_and_no_other(tmp_path, method, changed):
    run = trained("frozen_lake", tmp_path / "run", f"method={method}", *SHORT)
    fresh = Learner(run.config, SHAPES, device=torch.device("cpu")).checkpoint()
    now = run.checkpoint()
    found = {
        name
        for name in ("trainee", "expert", "critic")
        if any(
            key != "log_std" and not torch.equal(now[name][key], weight)  # its bound follows the clock
            for key, weight in fresh[name].items()
        )
    }
    assert found == changed


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["method=rl", "expert.step=trpo"], "method=rl takes PPO steps on the trainee; set expert.step=ppo"),
        (["method=rl_asym", "expert.clip=0"], "set expert.clip=0.2"),
        (["method=rl", "trainee.value=0"], r"method=rl asks for V\(b\), .*: set trainee.value=0.5"),
        (["rollout.baseline=mixture", "trainee.value=0"], r"a2d asks for V\(b\), .*: set trainee.value=0.5"),
        (
            ["rollout.advantage=q", "trainee.value=0"],
            r"a2d asks for Q\(b, a\) \(where .* choices\), .*: set trainee.value=0.5",
        ),
        (["method=rl_mdp", "expert.clip=0"], "method=rl_mdp has nothing else .*: set expert.clip=0.2"),
        (["method=oil", "expert_from=runs/x"], "expert_from is for method=ail or advisor; method=oil"),
        (["method=gpo_clip", "expert.step=trpo"], "method=gpo_clip takes PPO steps .*; set expert.step=ppo"),
        (["method=ail", "rollout.advantage=q"], "is for method=a2d; set rollout.advantage=gae for ail"),
        (["method=rl_mdp", "expert.surrogate=projection"], "method=a2d, .* set expert.surrogate=expert"),
        (["method=oil", "start_from=runs/x"], "start_from is for method=a2d, .*; oil starts fresh"),
    ],
)
def test_a_setting_of_another_method_is_refused_with_its_remedy(overrides, message):
    with pytest.raises(ConfigError, match=message) as caught:
        method_of(load("frozen_lake", overrides))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "overrides",
    [
        ["rollout.baseline=state"],
        ["rollout.baseline=mixture", "rollout.beta=1", "rollout.beta_decay=1"],
        ["method=advisor", "rollout.baseline=state"],
        ["method=gpo_clip", "rollout.baseline=mixture"],
        ["method=rl_mdp", "rollout.baseline=mixture"],
        ["method=ail", "rollout.baseline=mixture"],
    ],
)
def test_a_trainee_whose_own_critic_nobody_asks_need_not_learn_it(overrides):
    method_of(load("frozen_lake", ["trainee.value=0", *overrides]))


def test_an_expert_without_a_trainee_is_pulled_by_nobody(tmp_path):
    experts = [
        trained("frozen_lake", tmp_path / pull, "method=rl_mdp", f"expert.trainee_kl={pull}", *SHORT)
        for pull in ("0", "5")
    ]
    (first, second) = (run.checkpoint()["expert"] for run in experts)
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize(("method", "rows"), [("gpo_clip", 0), ("gpo_penalty", 0), ("a2d", 64), ("ail", 64)])
def test_what_nobody_learns_from_is_not_kept(tmp_path, method, rows):
    run = Run.create(
        tmp_path / "run", load("frozen_lake", [f"method={method}", f"run={tmp_path / 'run'}", *SHORT])
    )

    def stop(metrics):
        if metrics["interactions"] == 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            Run(run.folder, replace(run.config, checkpoint=replace(run.config.checkpoint, every=1))),
            report=stop,
        )
    assert run.checkpoint()["buffer"]["total"] == rows
    assert (run.folder / "rows").exists() == bool(rows)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("rl", "a2d", "is of method=rl and has no expert for method=a2d; start from a run of a2d, ail"),
        ("rl_mdp", "rl", "is of method=rl_mdp and has no trainee for method=rl; start from a run of a2d"),
    ],
)
def test_a_run_of_a_method_that_never_trained_what_is_needed_is_no_start(tmp_path, first, second, message):
    start = trained("frozen_lake", tmp_path / "start", f"method={first}", *SHORT)
    with pytest.raises(ConfigError, match=message):
        trained("frozen_lake", tmp_path / "run", f"method={second}", f"start_from={start.folder}", *SHORT)


def test_an_imitator_of_another_runs_expert_has_none_to_go_on_with(tmp_path):
    expert = trained("frozen_lake", tmp_path / "expert", "method=rl_mdp", *SHORT)
    start = trained("frozen_lake", tmp_path / "start", "method=ail", f"expert_from={expert.folder}", *SHORT)
    with pytest.raises(ConfigError, match=r"imitated the expert of .*expert and has none of its own"):
        trained("frozen_lake", tmp_path / "run", f"start_from={start.folder}", *SHORT)
    trained("frozen_lake", tmp_path / "alone", "method=rl", f"start_from={start.folder}", *SHORT)


def test_metrics_tell_the_interactions_of_the_runs_that_a_run_began_as(tmp_path):
    begun_as, used = "", 0
    for name in ("first", "second", "third"):
        run = trained(
            "frozen_lake", tmp_path / name, *SHORT, *([f"start_from={begun_as}"] if begun_as else [])
        )
        rounds = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
        assert {entry["interactions_before"] for entry in rounds} == {used}
        begun_as, used = str(run.folder), used + rounds[-1]["interactions"]


def test_a_checkpoint_of_another_method_and_a_world_without_expert_are_one_line(tmp_path):
    trained("frozen_lake", tmp_path / "run", *SHORT)
    for arguments, message in (
        (["method=rl", f"run={tmp_path / 'run'}", *SHORT], "is a run with method=a2d, not rl"),
        (
            ["method=oil", "env.id=lane_world:UnscriptedLane-v0", "env.vector=sync", f"run={tmp_path / 'b'}"],
            "has no scripted expert to imitate",
        ),
        (["method=rl", "expert.clip=0", f"run={tmp_path / 'c'}"], "set expert.clip=0.2"),
    ):
        result = CliRunner().invoke(application(["train"]), ["train", "frozen_lake", *arguments])
        assert result.exit_code == 1
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
    assert not (tmp_path / "c").exists()


def test_a_pretrained_encoder_learns_first_and_never_again(tmp_path):
    image = ["env.options.observation=image", "method=pre_enc"]
    weights = []
    for interactions in (64, 128):
        run = trained(
            "frozen_lake",
            tmp_path / str(interactions),
            *SHORT,
            *image,
            f"rollout.interactions={interactions}",
            f"trainee.pretrain={64 / interactions}",
        )
        weights.append(run.checkpoint()["trainee"])
    seeing, acting = weights
    for key in seeing:
        same = torch.equal(seeing[key], acting[key])
        assert same == (key.startswith("encoder") or key.startswith("state") or key == "log_std"), key


def test_an_encoder_is_not_taught_to_see_where_there_is_no_picture(tmp_path):
    with pytest.raises(A2DError, match=r"gives no image; set env\.options\.observation=image"):
        trained("frozen_lake", tmp_path / "run", "method=pre_enc", *SHORT)


def test_the_pull_of_gpo_grows_while_the_trainee_is_left_behind_and_fades_once_it_follows():
    config = load("frozen_lake", ["method=gpo_penalty", "expert.trainee_kl_target=0.01"])
    learner = Learner(config, SHAPES, device=torch.device("cpu"))
    start = learner.trainee_kl
    learner.adapt_trainee_kl(0.02)
    assert learner.trainee_kl == pytest.approx(1.5 * start)
    learner.adapt_trainee_kl(0.01)
    assert learner.trainee_kl == pytest.approx(1.5 * start)
    learner.adapt_trainee_kl(0.005)
    assert learner.trainee_kl == pytest.approx(start)
    for _ in range(100):
        learner.adapt_trainee_kl(1.0)
    assert learner.trainee_kl == 10.0
    restored = Learner(config, SHAPES, device=torch.device("cpu"))
    restored.restore(learner.checkpoint())
    assert restored.trainee_kl == 10.0


def test_the_entropy_bonus_fades_as_the_square_of_what_is_left():
    config = load("frozen_lake", ["expert.entropy=0.1", "expert.entropy_end=0.2"])
    learner = Learner(config, SHAPES, device=torch.device("cpu"))
    found = []
    for share in (0.0, 0.5, 1.0):
        learner.interactions = int(share * config.rollout.interactions)
        learner.anneal()
        found.append(learner.entropy)
    assert found == pytest.approx([0.1, 0.1 * (0.2 + 0.8 * 0.25), 0.02])


def test_advantages_are_divided_by_their_remembered_deviation_or_by_the_floor():
    config = load("frozen_lake", ["expert.advantage_memory=0.5", "expert.advantage_floor=1.5"])
    learner = Learner(config, SHAPES, device=torch.device("cpu"))
    found = [learner.advantage_scale(variance) for variance in (16.0, 0.0, 0.0, 0.0)]  # 16, 8, 4, 2
    assert found == pytest.approx([4.0, 8.0**0.5, 2.0, 1.5])


def test_a_learned_q_needs_choices():
    commands = Shapes(state=2, vectors=(("compact", 1),), image=None, family=ActionFamily("gaussian", 2))
    with pytest.raises(A2DError, match=r"rollout\.advantage=q needs choices"):
        trainee_of(commands, load("frozen_lake", ["rollout.advantage=q"]))


def test_the_projections_surrogate_needs_commands():
    with pytest.raises(A2DError, match=r"expert\.surrogate=projection needs commands, .* set it to expert"):
        trainee_of(SHAPES, load("frozen_lake", ["expert.surrogate=projection"]))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["rl", "rl_asym", "rl_asym_unbiased"])
def test_a_trainee_by_itself_finds_the_way_round_the_lake(tmp_path, method):
    run = trained("frozen_lake", tmp_path / "run", f"method={method}", "rollout.interactions=100000")
    assert last(run)["eval/return"] == pytest.approx(
        exact.optimal_partial_return(GAMES["frozen_lake"]()), abs=0.5
    )


@pytest.mark.slow
def test_a_policy_on_the_state_that_imitates_the_scripted_expert_earns_what_it_does(tmp_path):
    run = trained("tiger_door", tmp_path / "run", "method=oil", "rollout.interactions=150000")
    assert last(run)["eval/return"] == pytest.approx(
        exact.optimal_state_return(GAMES["tiger_door"]()), abs=1.0
    )
