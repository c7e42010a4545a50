"""`a2d record --explain`: a strip below each frame of the very episode that was driven."""

import json

import av
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from a2d.cli import application
from a2d.cli.commentary import Commentary
from a2d.config import TrainConfig, load
from a2d.learner import Learner
from a2d.policies import shapes_of
from a2d.run import Run
from a2d.vector import make_worlds, stopping
from driving.features import EXOGENOUS, STATE, WIDE

pytestmark = pytest.mark.slow


def recorded(*arguments, expect: int = 0) -> str:
    """Record; what was printed, on one line."""
    result = CliRunner().invoke(application(["record"]), ["record", *map(str, arguments)])
    assert result.exit_code == expect, result.output
    return " ".join(result.output.split())


def fresh_run(folder, config: TrainConfig) -> Run:
    """A run with random weights."""
    with stopping(make_worlds(config.env, count=1, suite="train")) as worlds:
        shapes = shapes_of(worlds.single_observation_space, worlds.single_action_space)
    run = Run.create(folder, config)
    run.save(Learner(config, shapes, device=torch.device("cpu")).checkpoint())
    return run


def test_an_explained_film_has_the_strip_below_every_frame_and_lies_beside_the_plain_ones(tmp_path):
    small = ["env.vector=sync", "env.options.dashcam_width=400", "env.options.dashcam_height=226"]
    run = fresh_run(tmp_path / "run", load("child_crossing", small))
    assert "1 episode is in" in recorded(run.folder, "--seed", 0, "--explain")
    [folder] = (run.folder / "videos").iterdir()
    assert folder.name == "heldout-explained"
    [entry] = json.loads((folder / "index.json").read_text())["episodes"]
    with av.open(str(folder / entry["file"])) as film:
        size = film.streams.video[0].width, film.streams.video[0].height
        frames = sum(1 for _ in film.decode(video=0))
    assert size == (400, 226 + 166)
    assert frames == entry["steps"] + 20


FRAME = np.full((450, 800, 3), 90, np.uint8)


def observation(
    *, began: bool, seen: bool, table=STATE, entry="child_seen", channels=6, newest=0
) -> dict[str, np.ndarray]:
    """What one street shows; `newest` is how bright the last channel is."""
    state = np.zeros((1, len(table)), np.float32)
    state[0, list(table).index(entry)] = seen
    image = np.zeros((1, channels, 48, 96), np.uint8)
    image[:, -1] = newest
    return {
        "state": state,
        "image": image,
        "telemetry": np.zeros((1, 4), np.float32),
        "exogenous": np.zeros((1, len(EXOGENOUS)), np.float32),
        "began": np.array([began]),
    }


@pytest.mark.parametrize(
    ("preset", "table", "entry"),
    [("child_crossing", STATE, "child_seen"), ("overtaking_truck", WIDE, "oncoming_seen")],
)
def test_the_first_sight_is_marked_when_it_comes_and_forgotten_with_the_episode(
    tmp_path, preset, table, entry
):
    comment = Commentary(fresh_run(tmp_path / "run", load(preset, [])), device="cpu")
    assert comment.options == {}

    def marked(*, began: bool, seen: bool) -> bool:
        shown = observation(began=began, seen=seen, table=table, entry=entry)
        drawn = comment(FRAME, shown, told={}, fps=1.0)
        return drawn[0, 0, 0] > 200

    assert not marked(began=True, seen=False)
    assert marked(began=False, seen=True)
    assert not marked(began=False, seen=True), "a second later the frame is free again"
    assert not marked(began=True, seen=False)


@pytest.mark.parametrize(
    ("colour", "channels", "hue"),
    [("none", 2, [200, 200, 200]), ("newest", 4, [0, 0, 200]), ("all", 6, [0, 0, 200])],
)
def test_the_strip_shows_the_newest_frame_as_the_trainee_sees_it(
    tmp_path, monkeypatch, colour, channels, hue
):
    told = []
    monkeypatch.setattr(
        "a2d.cli.commentary.draw_insight", lambda frame, insight: told.append(insight) or frame
    )
    run = fresh_run(tmp_path / "run", load("child_crossing", [f"env.options.colour={colour}"]))
    shown = observation(began=True, seen=False, channels=channels, newest=200)
    Commentary(run, device="cpu")(FRAME, shown, told={}, fps=10.0)
    assert told[0].picture.shape == (48, 96, 3)
    assert (told[0].picture == hue).all()


def test_where_the_world_has_the_expert_its_word_is_shown(tmp_path):
    run = fresh_run(tmp_path / "run", load("child_crossing", ["method=ail"]))
    comment = Commentary(run, device="cpu")
    assert comment.options == {"scripted_expert": "privileged"}
    seen = observation(began=True, seen=False)
    brake, throttle = (
        comment(FRAME, seen, told={"expert_action": np.array([[0.0, pedal]])}, fps=10.0) for pedal in (-1, 1)
    )
    assert (brake != throttle).any()


def test_a_driver_off_the_road_is_refused_in_one_line(tmp_path):
    run = fresh_run(tmp_path / "run", load("frozen_lake", []))
    printed = recorded(run.folder, "--explain", expect=1)
    assert "--explain is for drivers on the road" in printed
    assert "gridworlds/FrozenLake-v0" in printed


def test_who_drives_without_a_picture_is_refused_in_one_line(tmp_path):
    run = fresh_run(tmp_path / "run", load("child_crossing", ["method=oil", "env.vector=sync"]))
    assert "only a trainee that reads a picture" in recorded(run.folder, "--explain", expect=1)
    assert not (run.folder / "videos").exists()
