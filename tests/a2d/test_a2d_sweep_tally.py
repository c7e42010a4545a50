"""What a sweep's runs say together: worked by hand, written as table, file and figures."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sweep_runs import LAKE, trained

from a2d.evaluation import EvaluationError
from a2d.report.panels import draw, world_name
from a2d.report.seed_plots import over_seeds
from a2d.report.sweep_content import as_content
from a2d.report.sweep_table import table
from a2d.sweep import Final, Panel
from a2d.tally import NEVER, Quartiles, first_reached, grouped, is_done, read_trained


@pytest.mark.parametrize(
    ("returns", "reached"),
    [
        ([-50.0, 3.5, 4.0, 3.6], 200),  # 3.5 is near 4
        ([3.9, 3.4, 4.0, 4.2], 300),  # it left again after the first
        ([3.9, 4.0, 3.8, 3.4], NEVER),  # it did not stay
        ([3.0, 3.1, 3.2, 3.5], 400),
        ([4.0, 4.9, 9.0, 4.0], 100),  # above the optimum by chance is near it, too
        ([], NEVER),
    ],
)
def test_the_optimum_is_reached_where_the_return_comes_to_stay_within_half_of_it(returns, reached):
    curve = tuple((100.0 * (number + 1), value) for number, value in enumerate(returns))
    assert first_reached(curve, target=4.0) == reached


@pytest.mark.parametrize(
    ("sample", "quartiles"),
    [
        ([4.0, 1.0, 3.0, 2.0], (1.75, 2.5, 3.25)),
        ([5.0], (5.0, 5.0, 5.0)),
        ([1.0, 2.0, 4.0], (1.5, 2.0, 3.0)),
        ([10.0, NEVER, 20.0], (15.0, 20.0, NEVER)),
        ([10.0, NEVER, NEVER], (NEVER, NEVER, NEVER)),
    ],
)
def test_quartiles_lie_linearly_between_values_and_never_is_later_than_everything(sample, quartiles):
    found = Quartiles.of(sample)
    assert (found.low, found.median, found.high) == quartiles
    assert found.total == len(sample)


def test_of_nothing_there_are_no_quartiles():
    assert Quartiles.of([]) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_quartiles_of_finite_samples_are_those_of_numpy(sample):
    found = Quartiles.of(sample)
    expected = np.percentile(sample, [25, 50, 75])
    np.testing.assert_allclose([found.low, found.median, found.high], expected, rtol=1e-9, atol=1e-6)


def test_curves_are_joined_where_every_seed_has_a_value():
    joined = over_seeds([((1, 0.0), (2, 4.0), (3, 9.0)), ((1, 2.0), (2, 6.0))])
    assert [(at, found.median) for at, found in joined] == [(1, 1.0), (2, 5.0)]


def test_a_driver_is_measured_against_the_best_that_sees_what_it_does():
    assert trained().target == LAKE.unseeing
    assert trained(settings=("method=rl_mdp",)).target == LAKE.seeing
    assert trained(settings=("method=oil",)).target == LAKE.seeing
    assert trained(settings=("method=rl_asym",)).target == LAKE.unseeing
    assert trained(exact=None).target is None
    assert trained(exact=None).first_reached is None


def test_the_final_divergence_is_the_mean_of_the_last_ten_rounds():
    run = trained(divergences=[(round, float(round)) for round in range(1, 21)])
    assert run.divergence == sum(range(11, 21)) / 10
    assert trained(divergences=()).divergence is None


def three_groups():
    runs = [
        trained(seed=0, final=4.0),
        trained(seed=1, final=3.0, evaluations=[(1000, 3.9), (2000, 3.8), (3000, 3.9)]),
        trained("AIL", final=-36.0, evaluations=[(1000, -60.0), (3000, -36.0)], divergences=()),
        trained("RL", final=0.0, exact=None, settings=("method=rl",), divergences=()),
    ]
    return grouped(runs, labels=["RL", "A2D", "AIL"])


def test_runs_that_differ_in_the_seed_alone_are_one_group_in_the_order_of_the_rows():
    found = [(group.label, len(group.runs), group.reached, group.settled) for group in three_groups()]
    assert found == [("RL", 1, 0, None), ("A2D", 2, 2, 1), ("AIL", 1, 0, 0)]


def test_the_table_has_a_line_per_method_and_says_never():
    text = table(three_groups()[1:], title="A sweep", final=Final())
    assert "Exact: 10.00 for the best driver that sees everything, 4.00 for" in text
    assert "| A2D | 2 | 3.50 [3.25, 3.75] | 1 of 2 | 2k [1k, 2k] | 2 of 2 | 0.053 | 2 | 1500 | 400 |" in text
    assert "| AIL | 1 | −36.00 | 0 of 1 | never | 0 of 1 | – | 2 | 1500 | 400 |" in text


def test_where_somebody_drives_the_table_says_how():
    driven = {"hits": 0.125, "arrivals": 0.9, "arrival_duration": 7.25, "occluder_speed": None}
    groups = grouped([trained(exact=None, final=8.0, driving=driven)], labels=["A2D"])
    text = table(groups, title="A sweep", final=Final(sampled=False))
    assert "the most probable actions. Hits: of the episodes in which a child runs out" in text
    assert "| Method | n | Return | Hits | Arrived | Time of arrivals, s | Divergence" in text
    assert "| A2D | 1 | 8.00 | 12.5 % | 90.0 % | 7.2 |" in text


def test_a_world_without_exact_values_has_no_columns_about_them():
    text = table(three_groups()[:1], title="A sweep", final=Final())
    assert "Exact" not in text
    assert "| Method | n | Return | CPU seconds | Interactions per CPU second | Memory, MB |" in text


def test_the_file_holds_every_seed_and_is_strict_json():
    content = json.loads(json.dumps(as_content(three_groups(), out=Path("out")), allow_nan=False))
    rivals, adapted, imitators = content
    assert adapted["return"] == {"low": 3.25, "median": 3.5, "high": 3.75, "total": 2}
    assert adapted["first_reached"]["median"] == 1500
    assert [run["folder"] for run in adapted["runs"]] == ["runs/frozen_lake-a2d-0", "runs/frozen_lake-a2d-1"]
    assert adapted["runs"][0]["return"] == {"value": 4.0, "low": 3.9, "high": 4.1, "total": 2000}
    assert adapted["runs"][0]["interactions_per_cpu_second"] == 1500
    assert imitators["first_reached"]["median"] == "never"
    assert rivals["first_reached"] is None


@pytest.mark.parametrize("kind", ["curves", "rounds", "hits", "divergence", "first_reached", "final"])
@pytest.mark.parametrize("known", [True, False])
def test_every_panel_is_a_small_png_with_and_without_exact_values(kind, known):
    groups = three_groups()[1:] if known else three_groups()[:1]
    labels = [group.label for group in groups]
    setting = "rollout.gae_lambda" if kind == "first_reached" else ""
    panel = Panel(kind=kind, file="x", title="A title", presets=["frozen_lake"], rows=labels, setting=setting)
    data = draw(panel, groups)
    assert len(data) < 300_000
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert picture.shape[1] > 600
    assert (picture < 250).mean() > 0.005


def test_a_world_of_which_nothing_is_known_yet_takes_no_place():
    names = ["frozen_lake", "tiger_door"]
    widths = []
    for presets in (names[:1], names):
        panel = Panel(kind="rounds", file="x", title="", presets=presets, rows=["A2D", "AIL"])
        widths.append(Image.open(io.BytesIO(draw(panel, three_groups()))).width)
    assert widths[0] == widths[1]


def test_a_panel_of_runs_that_all_failed_is_drawn_empty():
    panel = Panel(
        kind="first_reached", file="x", title="", presets=["frozen_lake"], rows=["A2D"], setting="seed"
    )
    assert draw(panel, []).startswith(b"\x89PNG")


def test_a_preset_is_worded_for_people():
    assert world_name("tiger_door_1") == "Tiger Door 1"


def test_a_damaged_result_is_judged_again_and_never_read(tmp_path):
    run = trained(out=tmp_path).run
    assert not is_done(run, Final(episodes=10))
    run.folder.mkdir(parents=True)
    (run.folder / "result.json").write_text('{"suite": "held')
    assert not is_done(run, Final(episodes=10))
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_trained(run, exact=None)
    (run.folder / "result.json").write_text('{"suite": "heldout", "episodes": 10, "sampled": true}')
    assert is_done(run, Final(episodes=10))
    assert not is_done(run, Final(episodes=20))
    assert not is_done(run, Final(episodes=10, sampled=False))
