"""A trainee that cannot follow its expert, or hardly sees, is said, with what to try; the curves show it."""

import json
import logging

import pytest

from a2d import diagnosis
from a2d.config import RolloutConfig, load
from a2d.diagnosis import LARGE, ROUNDS, code_remedy, divergence_remedy
from a2d.loop import train
from a2d.run import Run

SHORT = ["env.count=8", "rollout.steps=8", "evaluation.episodes=8"]


def remedy(divergence, *, beta=0.0, **settings):
    return divergence_remedy(divergence, beta=beta, config=RolloutConfig(**settings))


def test_a_divergence_that_vanished_needs_no_remedy_whatever_it_was():
    assert remedy([1.0] * 20 + [0.5 * LARGE] * ROUNDS) is None


def test_too_few_rounds_tell_nothing():
    assert remedy([1.0] * (ROUNDS - 1)) is None


def test_the_remedy_is_what_can_still_be_changed():
    stays = [0.3] * ROUNDS
    found = remedy(stays, gae_lambda=0.9)
    assert "0.30 nats" in found
    assert "a smaller rollout.gae_lambda (now 0.9), a larger expert.trainee_kl" in found
    assert "beta_decay" not in found
    assert "a smaller rollout.beta_decay (now 1.0)" in remedy(stays, beta=0.5, beta_decay=1.0)
    assert "gae_lambda" not in remedy(stays, gae_lambda=0.0)
    assert "rollout.baseline=mixture" in remedy(stays, baseline="state")


@pytest.mark.parametrize(("large", "lines"), [(0.0, 1), (100.0, 0)])
def test_a_run_warns_in_one_line_at_its_end_if_the_divergence_is_large(
    tmp_path, caplog, monkeypatch, large, lines
):
    monkeypatch.setattr(diagnosis, "LARGE", large)
    config = load("frozen_lake", [f"run={tmp_path}", *SHORT, "rollout.interactions=704"])
    with caplog.at_level(logging.WARNING, logger="a2d"):
        train(Run.create(tmp_path, config), report=lambda metrics: None)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == lines
    for line in said:
        assert line.startswith(f"{tmp_path}: the trainee cannot follow the expert")
        assert "\n" not in line


def test_a_code_that_is_mostly_the_same_for_every_picture_has_a_remedy():
    assert code_remedy(None, layer_norm=False) is None  # it sees no pictures
    assert code_remedy(0.9, layer_norm=False) is None
    told = code_remedy(0.25, layer_norm=False)
    assert "sees with 25% of its image code" in told
    assert "try trainee.layer_norm=true or a smaller trainee.learning_rate" in told
    assert "try a smaller trainee.learning_rate" in code_remedy(0.25, layer_norm=True)  # it has that


@pytest.mark.parametrize(("live", "lines"), [(1.1, 1), (0.0, 0)])
def test_a_run_says_at_its_end_if_it_hardly_sees(tmp_path, caplog, monkeypatch, live, lines):
    monkeypatch.setattr(diagnosis, "LIVE", live)
    config = load("frozen_lake_image", [f"run={tmp_path}", *SHORT, "rollout.interactions=64"])
    run = Run.create(tmp_path, config)
    with caplog.at_level(logging.WARNING, logger="a2d"):
        train(run, report=lambda metrics: None)
    assert [record.getMessage().split(" sees with ")[0] for record in caplog.records] == [
        f"{tmp_path}: the trainee"
    ] * lines
    assert 0.0 < json.loads(run.metrics_path.read_text().splitlines()[-1])["code/live"] <= 1.0


def test_the_curves_hold_what_one_needs_to_see_it(tmp_path):
    config = load("frozen_lake", [f"run={tmp_path}", *SHORT, "rollout.interactions=128", "rollout.beta=0.5"])
    run = Run.create(tmp_path, config)
    train(run, report=lambda metrics: None)
    last = json.loads(run.metrics_path.read_text().splitlines()[-1])
    assert {
        "beta", "divergence", "explained_variance", "critic/explained_variance", "expert/moved",
        "expert/effective_samples", "eval/return", "eval/expert_return",
    } <= last.keys()  # fmt: skip
    assert 0.0 < last["expert/effective_samples"] <= 1.0
