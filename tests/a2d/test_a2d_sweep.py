"""A sweep's file says what is trained; whatever cannot be is one line before anything runs."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from a2d.cli import application
from a2d.cli.exact import exact_of
from a2d.config import ConfigError, EnvConfig, load
from a2d.plan import planned_runs, slug
from a2d.sweep import KINDS, parse, read, sweeps

SMALL = """
title: A small one
seeds: 2
overrides: [env.count=8]
rows:
  - label: RL (MDP)
    presets: [frozen_lake, tiger_door]
    overrides: [method=rl_mdp]
  - label: AIL
    presets: [tiger_door]
    seeds: 1
    overrides: [method=ail, env.count=4]
    expert_from: RL (MDP)
panels:
  - {kind: curves, file: returns, title: Returns, presets: [frozen_lake, tiger_door], rows: [RL (MDP), AIL]}
"""


def edited(old, new):
    assert old in SMALL
    return SMALL.replace(old, new)


def test_every_row_preset_and_seed_is_a_run_of_its_own_and_first_seeds_come_first():
    runs = planned_runs(parse(SMALL), Path("out"))
    assert [run.name for run in runs] == [
        "frozen_lake-rl-mdp-0",
        "tiger_door-rl-mdp-0",
        "tiger_door-ail-0",
        "frozen_lake-rl-mdp-1",
        "tiger_door-rl-mdp-1",
    ]
    expected = load("tiger_door", ["method=rl_mdp", "env.count=8", "seed=1", f"run={runs[4].folder}"])
    assert runs[4].config == expected
    assert runs[4].folder == Path("out/runs/tiger_door-rl-mdp-1")
    assert runs[2].config.env.count == 4  # a row's own overrides come last


def test_a_row_imitates_the_run_of_the_same_preset_and_seed():
    imitation = planned_runs(parse(SMALL), Path("out"))[2]
    assert imitation.after == "tiger_door-rl-mdp-0"
    assert imitation.config.expert_from == "out/runs/tiger_door-rl-mdp-0"


def test_the_number_of_seeds_can_be_given_for_all_rows():
    runs = planned_runs(parse(SMALL), Path("out"), seeds=3)
    assert sorted(run.config.seed for run in runs) == [0] * 3 + [1] * 3 + [2] * 3


@pytest.mark.parametrize(
    ("label", "written"), [("RL (asym, unbiased)", "rl-asym-unbiased"), ("A2D, λ = 0.5", "a2d-0.5")]
)
def test_a_label_becomes_a_name_for_every_file_system(label, written):
    assert slug(label) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (edited("seeds: 2", "sedes: 2"), "no key sedes; did you mean seeds?"),
        (edited("label: AIL", "lable: AIL"), "no key rows[1].lable; did you mean label?"),
        (edited("file: returns", "fiel: returns"), "no key panels[0].fiel; did you mean file?"),
        (edited("seeds: 2", "seeds: many"), "seeds: Value 'many' of type 'str' could not be converted"),
        (edited("seeds: 2", "seeds: 0"), "seeds is at least 1, got 0"),
        (edited("kind: curves", "kind: pie"), "panel 'returns': kind is one of curves, rounds, hits"),
        (edited("kind: curves", "kind: first_reached"), "panel 'returns': `setting` (such as rollout."),
        (edited("rows: [RL (MDP), AIL]", "rows: [RL, AIL]"), "panel 'returns': no row 'RL'; "),
        (edited("[frozen_lake, tiger_door], rows", "[child_crossing], rows"), "panel 'returns': no row 'RL"),
        (edited("[tiger_door]\n", "[tiger_dor]\n"), "row 'AIL': no preset 'tiger_dor'; did you mean tiger_"),
        (edited("method=ail", "metod=ail"), "row 'AIL': no setting metod; did you mean method?"),
        (edited("method=ail", "method=oil"), "row 'AIL': expert_from is for method=ail"),
        (edited("method=ail", "seed=3"), "row 'AIL': seed=3 is given by the sweep itself"),
        (edited("expert_from: RL (MDP)", "expert_from: RL"), "row 'AIL' needs the run tiger_door-rl-0, whi"),
        (edited("expert_from: RL (MDP)", "expert_from: AIL"), "tiger_door-ail-0 needs tiger_door-ail-0: "),
        (edited("seeds: 1", "seeds: 3"), "row 'AIL' needs the run tiger_door-rl-mdp-2, which no row trains"),
        (edited("label: AIL", "label: rl mdp"), "panel 'returns': no row 'AIL'"),
        (edited("label: AIL", "label: RL (MDP)"), "two rows are 'RL (MDP)' on tiger_door"),
        (edited("file: returns", "file: plots/returns"), "panel 'plots/returns': `file` is a name, without"),
        (
            edited("seeds: 2", "seeds: 2\nfinal: {suite: helout}"),
            "unknown suite 'helout'; choose one of: train",
        ),
        ("title: Nothing\nrows: []", "a sweep has at least one row"),
        ("title: [", "no YAML: while parsing"),
        ("- 3", "a sweep is a mapping with the keys title, rows"),
        ("title: Nothing", "rows: Structured config of type `Sweep` has missing mandatory value: rows"),
    ],
)
def test_whatever_cannot_be_is_one_line_before_anything_runs(tmp_path, text, message):
    (tmp_path / "bad.yaml").write_text(text)
    arguments = ["sweep", str(tmp_path / "bad.yaml"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(application(["sweep"]), arguments)
    assert result.exit_code == 1, result.output
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_labels_that_would_share_a_run_are_refused():
    text = SMALL.replace("AIL", "rl mdp").replace("expert_from: RL (MDP)", "")
    with pytest.raises(
        ConfigError, match="'RL \\(MDP\\)' and 'rl mdp' would share the run tiger_door-rl-mdp-0"
    ):
        planned_runs(parse(text), Path("out"))


@pytest.mark.parametrize(
    ("setting", "message"),
    [("rollout.gae_lamda", "did you mean rollout.gae_lambda?"), ("method", "method is no number")],
)
def test_a_panel_over_a_setting_needs_a_number(setting, message):
    text = edited("kind: curves", f"kind: first_reached, setting: {setting}")
    with pytest.raises(ConfigError, match=message):
        planned_runs(parse(text), Path("out"))


def test_an_unknown_sweep_is_one_line_with_those_there_are():
    result = CliRunner().invoke(application(["sweep"]), ["sweep", "gridwords"])
    assert result.exit_code == 1
    there = "there are child_crossing, gridworlds, gridworlds_image"
    assert result.stderr == f"error: no sweep 'gridwords'; {there}, or name a YAML file\n"


def test_a_folder_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("")
    for content, message in (
        (None, "has files in it but is no sweep"),
        ("name: other\ntitle: Another\n", "holds another sweep, other (Another), not small (A small one)"),
    ):
        if content:
            (out / "sweep.yaml").write_text(content)
        arguments = ["sweep", str(tmp_path / "small.yaml"), "--out", str(out)]
        result = CliRunner().invoke(application(["sweep"]), arguments)
        assert result.exit_code == 1
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
    assert not (out / "runs").exists()


@pytest.mark.parametrize("name", sweeps())
def test_every_sweep_that_ships_can_be_planned(name):
    sweep = read(name)
    runs = planned_runs(sweep, Path("out"))
    assert len({run.name for run in runs}) == len(runs)
    assert {panel.kind for panel in sweep.panels} <= set(KINDS)


def test_gridworlds_have_exact_values_and_the_crossing_has_none():
    door = exact_of(EnvConfig(id="gridworlds/TigerDoor2-v0"))
    # doors two steps away: 20 - 2 * 2; the button one step more; a random walk of two steps' width takes four
    assert door.seeing == pytest.approx(16)
    assert door.unseeing == pytest.approx(14)
    assert door.imitation == pytest.approx((20 - 100) / 2 - 2 * 4)
    assert exact_of(EnvConfig(id="driving/ChildCrossing-v0")) is None


def test_help_shows_an_example():
    result = CliRunner().invoke(application(["sweep"]), ["sweep", "--help"])
    assert result.exit_code == 0
    assert "Example: a2d sweep gridworlds" in " ".join(result.output.split())
