"""The report's words and numbers, against two runs whose results are known."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from commands import a2d as command
from report_runs import HITS, make_run

from a2d.cli.compare import compare
from a2d.errors import RunError
from a2d.evaluation import EvaluationError, summary
from a2d.intervals import Mean, Rate
from a2d.report.drawings import curve_plots, interval_plot, quartiles, spread
from a2d.report.drivers import Driver, drivers_of, paired
from a2d.report.endings import ending_text
from a2d.report.films import SHOWN, video_seeds
from a2d.report.grids import read_grids
from a2d.report.headline import comparison, headline, standings
from a2d.report.material import read_runs
from a2d.report.page import render
from a2d.report.rows import mean_text, percent, rate_text, result_rows
from a2d.report.worst import worst_episodes
from a2d.run import Run


@pytest.fixture
def runs(tmp_path):
    return [make_run(tmp_path / method, method, videos=4) for method in ("a2d", "ail")]


def page_text(page: str) -> str:
    """What a reader sees, on one line."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " ").replace("&nbsp;", " ").split())


def test_the_headline_states_what_was_measured(runs):
    # Wilson for 1 of 10: 1.8 to 40.4 %; for 4 of 10: 16.8 to 68.7 % (Newcombe's method 3).
    assert headline(drivers_of(read_runs(runs, suite="heldout")), suite="heldout") == (
        "Over the same held-out episodes with a child, "
        "A2D hit the child in 1 of 10 (10.0 %, 95 % interval 1.8 to 40.4 %) and "
        "AIL hit the child in 4 of 10 (40.0 %, 95 % interval 16.8 to 68.7 %). "
        "They arrived in 95.0 % and 80.0 % of all episodes."
    )


def test_of_more_than_two_drivers_the_headline_gives_the_first_and_the_range_of_the_others(runs):
    a2d, ail = drivers_of(read_runs(runs, suite="heldout"))
    assert headline([a2d, ail, a2d], suite="heldout") == (
        "Over the same held-out episodes with a child, "
        "A2D hit the child in 1 of 10 (10.0 %, 95 % interval 1.8 to 40.4 %) and "
        "the 2 others in 10.0 to 40.0 %. "
        "A2D arrived in 95.0 % of all episodes, the others in 80.0 to 95.0 %."
    )
    assert "the 2 others in 40.0 %. A2D arrived" in headline([a2d, ail, ail], suite="heldout")
    assert headline([a2d], suite="heldout").endswith("1.8 to 40.4 %).")


def test_overlapping_intervals_are_not_called_a_difference(runs):
    # Discordant 1 and 4: McNemar's exact p = 2 (1 + 5) / 32.
    said = comparison(drivers_of(read_runs(runs, suite="heldout")))
    assert said.startswith(
        "The 95 % intervals overlap. Seed by seed no difference is shown: A2D minus AIL is −"
    )
    assert "4 episodes were hit by AIL alone, 1 by A2D alone, 0 by both" in said
    assert "p = 0.375" in said


def test_a_clear_difference_is_stated_with_its_direction(tmp_path, monkeypatch):
    monkeypatch.setitem(HITS, "a2d", set())
    monkeypatch.setitem(HITS, "ail", set(range(0, 20, 2)))
    runs = [make_run(tmp_path / method, method) for method in ("a2d", "ail")]
    said = comparison(drivers_of(read_runs(runs, suite="heldout")))
    assert said.startswith(
        "The 95 % intervals do not overlap. Seed by seed A2D hits 100.0 percentage points less"
    )
    assert "p = 0.002" in said  # 2 / 2^10


def test_the_table_shows_every_measure_of_both_drivers(runs):
    rows = dict(result_rows([material.summary for material in read_runs(runs, suite="heldout")]))
    assert rows["Episodes"] == ["20", "20"]
    assert rows["Hit the child, given a child"] == [
        "10.0 % (1.8–40.4), 1 of 10",
        "40.0 % (16.8–68.7), 4 of 10",
    ]
    assert rows["Hits, all episodes"][0].endswith("1 of 20")
    assert rows["Arrived"][1].startswith("80.0 %")
    assert rows["Impact speed of hits, mean"] == ["18.0 km/h", "18.0 km/h"]
    assert rows["Duration of arrivals, mean"] == ["12.0 s", "12.0 s"]
    assert "Stuck" not in rows
    assert "Invalid runs" not in rows


def test_hits_of_an_oncoming_car_are_told_once_where_the_episodes_are_about_it_and_besides_elsewhere():
    hit = {"return": -40.0, "steps": 9, "outcome": "hit_oncoming", "impact_speed": 5.0, "hazard": True}
    behind_the_truck = summary([{**hit, "seed": 0, "child": False}])
    crossing = summary([{**hit, "seed": 0, "child": True}])
    told = dict(result_rows([behind_the_truck]))
    assert told["Hit who came, if somebody did"][0].endswith("1 of 1")
    assert "Hit who came" not in told
    assert dict(result_rows([crossing]))["Hit who came"] == ["1"]


def test_only_seeds_that_every_run_has_are_counted(runs):
    path = runs[0] / "evaluation" / "heldout.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:12]))
    materials = read_runs(runs, suite="heldout")
    assert [material.summary.episodes for material in materials] == [12, 12]


def test_the_same_episodes_are_shown_for_every_driver_the_worst_first(runs):
    # Recorded are 0 to 3. AIL hits the child of 0 and 2; nobody hits in 1 and 3, which have none.
    drivers = drivers_of(read_runs(runs, suite="heldout"))
    assert video_seeds(drivers) == [0, 2, 1, 3]
    faster = dict(drivers[1].runs[0].videos)
    faster[2] = dataclasses.replace(faster[2], record=faster[2].record | {"impact_speed": 9.0})
    ail = Driver("AIL", (dataclasses.replace(drivers[1].runs[0], videos=faster),))
    assert video_seeds([drivers[0], ail]) == [2, 0, 1, 3]


def test_an_episode_without_a_child_always_has_a_place_on_the_wall(tmp_path, monkeypatch):
    monkeypatch.setitem(HITS, "ail", set(range(0, 20, 2)))
    run = make_run(tmp_path / "ail", "ail", videos=20)
    seeds = video_seeds(drivers_of(read_runs([run], suite="heldout")))
    assert len(seeds) == SHOWN
    assert [seed % 2 for seed in seeds] == [0] * (SHOWN - 1) + [1]


def test_the_page_holds_the_videos_and_the_way_to_repeat_them(runs, tmp_path):
    page = render(read_runs(runs, suite="heldout"), suite="heldout")
    assert page.count('src="data:video/mp4;base64,') == 8
    text = page_text(page)
    assert "A child runs out heldout seed 0" in text
    assert "No child heldout seed 1" in text
    assert "AIL: hit the child at 18 km/h after 5.0 s" in text
    assert "A2D: arrived after 12.0 s" in text
    assert f"a2d record {runs[0]} --suite heldout --seed 0 --episodes 1" in text
    assert f"a2d evaluate {runs[1]} --suite heldout --seed 0 --episodes 20" in text
    assert "is not finished" not in text
    assert "method a2d ail" in text
    assert str(runs[0] / "evaluation" / "heldout.jsonl") in text
    assert str(runs[1] / "metrics.jsonl") in text


def test_the_page_asks_the_network_for_nothing(runs):
    page = render(read_runs(runs, suite="heldout"), suite="heldout")
    named = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\')\s>]{0,40})', page)
    assert all(target.startswith(("data:video/mp4;base64,", "#")) for target in named), named


def test_without_videos_the_page_says_which_command_makes_them(tmp_path):
    runs = [make_run(tmp_path / method, method) for method in ("a2d", "ail")]
    text = page_text(render(read_runs(runs, suite="heldout"), suite="heldout"))
    assert f"a2d record {runs[0]} a2d record {runs[1]}" in text
    assert "No episode is recorded for every driver" in text


def test_text_from_a_run_cannot_become_markup(tmp_path):
    run = make_run(tmp_path / "<b>bold", "a2d")
    assert "<b>bold" not in render(read_runs([run], suite="heldout"), suite="heldout")


def test_a_run_without_a_checkpoint_at_its_end_is_called_unfinished(runs):
    (runs[1] / "checkpoint.pt").unlink()
    assert "Training of AIL is not finished" in page_text(
        render(read_runs(runs, suite="heldout"), suite="heldout")
    )


def test_a_run_that_was_not_evaluated_is_told_how(runs):
    shutil.rmtree(runs[1] / "evaluation")
    with pytest.raises(EvaluationError, match=f"run: a2d evaluate {runs[1]} --suite heldout"):
        read_runs(runs, suite="heldout")


def test_runs_without_a_common_seed_are_refused(runs):
    path = runs[0] / "evaluation" / "heldout.jsonl"
    path.write_text(path.read_text().replace('"seed": ', '"seed": 10'))
    with pytest.raises(EvaluationError, match="share no heldout seed"):
        read_runs(runs, suite="heldout")


def test_a_run_is_not_compared_with_itself(runs):
    with pytest.raises(EvaluationError, match="name each folder once"):
        read_runs([runs[0], runs[0]], suite="heldout")


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError):
        read_runs([tmp_path], suite="heldout")


def test_runs_of_one_method_are_told_apart(tmp_path):
    runs = [make_run(tmp_path / str(seed), "a2d", seed=seed) for seed in (0, 1)]
    assert [m.name for m in read_runs(runs, suite="heldout")] == ["A2D, seed 0", "A2D, seed 1"]
    other = make_run(tmp_path / "again", "a2d", seed=1)
    assert [m.name for m in read_runs([runs[1], other], suite="heldout")] == ["A2D, 1", "A2D, again"]
    nested = make_run(tmp_path / "deeper" / "again", "a2d", seed=1)
    names = [m.name for m in read_runs([other, nested], suite="heldout")]
    assert names == [f"A2D, {other}", f"A2D, {nested}"]


@pytest.mark.filterwarnings("error")
def test_long_names_leave_room_for_the_plots(tmp_path):
    runs = [make_run(tmp_path / ("a" * 60) / name, "a2d") for name in ("one", "two")]
    shutil.move(runs[1], tmp_path / "one")
    page = render(read_runs([runs[0], tmp_path / "one"], suite="heldout"), suite="heldout")
    assert "…" in page


def test_compare_writes_the_page_and_prints_the_result(runs, tmp_path, capsys):
    compare(runs, out=tmp_path / "report.html", suite="heldout")
    printed = " ".join(capsys.readouterr().out.split())
    assert "40.0 % (16.8–68.7), 4 of 10" in printed
    assert f"report: {tmp_path / 'report.html'}" in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a2d", "ail", "report.html"]


def test_the_wall_has_one_episode_with_a_child_and_one_without(runs, tmp_path):
    compare(runs, out=tmp_path / "report.html", suite="heldout", wall=tmp_path / "docs" / "wall.webp")
    done, animation = cv2.imreadanimation(str(tmp_path / "docs" / "wall.webp"))
    assert done
    height, width = animation.frames[0].shape[:2]
    assert (len(animation.frames), width) == (5, 2 * (280 + 8) + 8)
    assert height == 2 * (34 + 2 * 24 + 158 + 8) + 8


def test_there_is_no_wall_without_films_of_the_same_episode(tmp_path):
    runs = [make_run(tmp_path / method, method) for method in ("a2d", "ail")]
    with pytest.raises(EvaluationError, match="no episode is recorded for every driver"):
        compare(runs, out=tmp_path / "report.html", suite="heldout", wall=tmp_path / "wall.webp")
    assert not (tmp_path / "wall.webp").exists()


def test_a_metrics_line_that_is_being_written_is_left_out(runs):
    with (runs[0] / "metrics.jsonl").open("a") as file:
        file.write('{"round": 5, "inter')
    assert len(read_runs(runs, suite="heldout")[0].metrics) == 5


def test_curves_are_drawn_for_what_was_measured_and_named_at_their_ends(runs):
    materials = read_runs(runs, suite="heldout")
    plots = curve_plots({m.name: [m.metrics] for m in materials}, colours=["#000000", "#111111"])
    assert list(plots) == ["Return on training episodes", "Divergence of expert and trainee (KL, nats)"]
    assert all(">A2D</text>" in plot and ">AIL</text>" in plot for plot in plots.values())
    assert all(plot.startswith("<svg") and "width=" not in plot.split(">")[0] for plot in plots.values())


def test_the_interval_plot_names_its_drivers():
    plot = interval_plot({"A2D": Rate(1, 10), "AIL": Rate(0, 0)}, colours=["#000000", "#111111"])
    assert ">A2D</text>" in plot
    assert ">AIL</text>" in plot


def test_labels_at_the_same_height_move_apart_around_it():
    placed = spread({"a": 1.0, "b": 1.0, "c": 5.0}, gap=1.0)
    heights = np.sort(list(placed.values()))
    assert np.diff(heights).min() >= 1.0
    assert np.mean(heights) == pytest.approx(7.0 / 3.0)


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0"), (1e-5, "<0.1"), (0.025, "2.5"), (0.99999, ">99.9"), (1.0, "100")]
)
def test_a_percentage_is_never_rounded_to_certainty(share, text):
    assert percent(share) == text


def test_nothing_measured_is_a_dash_not_a_number():
    assert rate_text(Rate(0, 0)) == "–"
    assert mean_text(Mean.of([])) == "–"
    assert mean_text(Mean.of([-1.5])) == "−1.50"


def test_endings_are_worded_and_judged():
    assert ending_text({"outcome": "arrived", "duration": 12.34}) == ("arrived after 12.3 s", "good")
    assert ending_text({"outcome": "hit_other", "impact_speed": 5.0}) == (
        "hit something else at 18 km/h",
        "bad",
    )
    assert ending_text({"outcome": "fell_asleep"}) == ("fell asleep", "poor")


@pytest.fixture
def seeds(tmp_path) -> list:
    """Two seeds of A2D, of which the second hits twice as often, and two of AIL."""
    found = [make_run(tmp_path / f"a2d-{seed}", "a2d", seed=seed) for seed in (0, 1)]
    found += [make_run(tmp_path / f"ail-{seed}", "ail", seed=seed) for seed in (1, 0)]
    path = found[1] / "evaluation" / "heldout.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0] |= {"outcome": "hit_child", "impact_speed": 10.0}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return found


def test_runs_that_differ_in_their_seed_alone_are_one_driver(seeds):
    a2d, ail = drivers_of(read_runs(seeds, suite="heldout"))
    assert [(driver.name, len(driver.runs)) for driver in (a2d, ail)] == [("A2D", 2), ("AIL", 2)]
    assert (a2d.summary.main_hits.count, a2d.summary.main_hits.total) == (3, 20)
    assert [rate.count for rate in a2d.rates] == [1, 2]
    # Seed by seed of training: 8 is hit by A2D twice, 0 by its seed 1 and by both of AIL, 2, 4 and 6 by AIL.
    found = [(d.only_first, d.both, d.only_second, d.neither) for d in paired(a2d, ail)]
    assert sorted(found) == [(1, 0, 4, 5), (1, 1, 3, 5)]


def test_training_seeds_that_drove_the_same_episodes_are_no_larger_sample(seeds):
    """Seed 0 hits 1 of 10 instead of 4, seed 1 hits 2 instead of 4; no interval and no p of the sum."""
    drivers = drivers_of(read_runs(seeds, suite="heldout"))
    said = comparison(drivers)
    assert "A2D minus AIL is −30.0 to −20.0 percentage points" in said
    assert "p <" not in said
    assert "p =" not in said
    _, ail = standings(drivers, ["#000000", "#111111"])
    assert ail.figures["Hits against A2D, same episodes"] == (
        "+25.0 points",
        "training seeds +20.0 to +30.0",
    )


def test_times_are_compared_where_both_arrived_and_not_over_whom_they_left_alive(runs):
    """Of the same times, with the slow episodes with a child hit by the other: nobody is faster."""
    for run, hits in zip(runs, ({8}, {0, 2, 4, 6}), strict=True):
        path = run / "evaluation" / "heldout.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()]
        for record in records:
            record["duration"] = 20.0 if record["child"] else 10.0
            record["outcome"] = "hit_child" if record["seed"] in hits else "arrived"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    a2d, ail = standings(drivers_of(read_runs(runs, suite="heldout")), ["#000000", "#111111"])
    assert a2d.figures["Time to arrive"][0] > ail.figures["Time to arrive"][0]
    assert ail.figures["Time to arrive"][1] == "as A2D where both arrived (15)"


def test_drivers_of_other_episodes_are_not_compared(runs, tmp_path):
    path = runs[1] / "evaluation" / "heldout.jsonl"
    kept = path.read_text()
    path.write_text(kept.replace('"child": ', '"scenario": "crossings", "child": '))
    with pytest.raises(
        EvaluationError, match=r"ail of .*ChildCrossing-v0 crossings: only drivers of the same"
    ):
        read_runs(runs, suite="heldout")
    for run in runs:  # a standard's grid is the same for all
        path = run / "evaluation" / "heldout.jsonl"
        path.write_text(path.read_text().replace('"child": ', '"row": "10 km/h", "child": '))
    assert "hit the pedestrian in" in headline(drivers_of(read_runs(runs, suite="heldout")), suite="heldout")


def test_where_nobody_crosses_hits_of_all_episodes_are_compared(runs):
    for run in runs:
        path = run / "evaluation" / "heldout.jsonl"
        said = path.read_text().replace("hit_child", "hit_other")
        path.write_text(said.replace('"child": true, "hazard": true', '"child": false, "hazard": false'))
    drivers = drivers_of(read_runs(runs, suite="heldout"))
    assert "A2D had a hit in 1 of 20" in headline(drivers, suite="decoys")
    assert "4 episodes were hit by AIL alone" in comparison(drivers)


@pytest.mark.parametrize(
    "file",
    ["videos/heldout/index.json", "evaluation/cpnco.json", "metrics.jsonl", "evaluation/heldout.jsonl"],
)
@pytest.mark.parametrize("content", [b"{bad\n", b"[]\n", b"\xff\xfe\n"])
def test_a_damaged_file_is_one_line_that_names_it(runs, tmp_path, file, content):
    (runs[0] / file).write_bytes(content)
    said = command("compare", *runs, "--out", tmp_path / "report.html", expect=1)
    assert Path(file).name in said
    assert "delete" in said


def test_where_there_is_no_other_driver_seeds_are_compared(seeds):
    drivers = drivers_of(read_runs(seeds[:2], suite="heldout"))
    assert [driver.name for driver in drivers] == ["A2D, seed 0", "A2D, seed 1"]


def test_drivers_of_one_method_are_told_apart_by_their_folders(seeds, tmp_path):
    other = tmp_path / "scaled"
    shutil.copytree(seeds[0], other)
    config = other / "config.yaml"
    config.write_text(config.read_text().replace("return_scale: 1.0", "return_scale: 3.0"))
    drivers = drivers_of(read_runs([*seeds[:2], other], suite="heldout"))
    assert [driver.name for driver in drivers] == ["A2D, a2d-0", "A2D, scaled"]


def test_the_headline_table_has_rates_intervals_seeds_and_differences(seeds):
    a2d, ail = standings(drivers_of(read_runs(seeds, suite="heldout")), ["#000000", "#111111"])
    assert a2d.about == "2 seeds, 40 episodes"
    value, below = a2d.figures["Hit the child, given a child"]
    assert value == "15.0 %"
    assert below.endswith("3 of 20; training seeds 10.0–20.0 %")
    assert a2d.figures["Impact speed, mean"] == ("24 km/h", "at most 36")
    assert ail.figures["Time to arrive"] == ("12.0 s", "as A2D where both arrived (30)")
    title = "Hits against A2D, same episodes"
    assert a2d.figures[title] == ("reference", "")
    assert ail.figures[title][0] == "+25.0 points"  # 8 - 3 of 20
    assert ail.figures[title][1] == "training seeds +20.0 to +30.0"  # 4 - 2 and 4 - 1 of 10


def test_a_slower_driver_is_called_slower_than_the_first(runs):
    path = runs[1] / "evaluation" / "heldout.jsonl"
    path.write_text(path.read_text().replace('"duration": 12.0', '"duration": 15.0'))
    a2d, ail = standings(drivers_of(read_runs(runs, suite="heldout")), ["#000000", "#111111"])
    assert a2d.figures["Time to arrive"] == ("12.0 s", "")
    assert ail.figures["Time to arrive"] == ("15.0 s", "25 % more than A2D where both arrived (15)")


def test_columns_that_no_driver_has_are_left_out(runs):
    drivers = drivers_of(read_runs(runs, suite="heldout"))
    silent = [
        Driver(
            driver.name,
            (
                dataclasses.replace(
                    driver.runs[0],
                    records=tuple({**record, "impact_speed": None} for record in driver.runs[0].records),
                ),
            ),
        )
        for driver in drivers
    ]
    assert "Impact speed, mean" in standings(drivers, ["#000000", "#111111"])[0].figures
    assert "Impact speed, mean" not in standings(silent, ["#000000", "#111111"])[0].figures


def test_of_a_driver_of_several_seeds_the_page_shows_median_and_quartiles(seeds):
    text = page_text(render(read_runs(seeds, suite="heldout"), suite="heldout"))
    assert "the median, and between their quartiles" in text
    assert "A2D, seed 1" in text
    found = worst_episodes(drivers_of(read_runs(seeds, suite="heldout")), suite="heldout")
    assert [(episode.driver, episode.record["seed"]) for episode in found] == [
        ("A2D, seed 1", 0),  # at twice the speed of the others
        ("AIL, seed 1", 0), ("AIL, seed 0", 0), ("AIL, seed 1", 2), ("AIL, seed 0", 2), ("AIL, seed 1", 4),
        ("A2D, seed 0", 8), ("A2D, seed 1", 8),
    ]  # fmt: skip


def test_quartiles_are_of_what_all_curves_reach():
    curves = [[(0, 0.0), (2, 2.0), (4, 4.0)], [(1, 11.0), (3, 13.0)], [(0, 5.0), (4, 5.0)]]
    places, low, median, high = quartiles(curves)
    assert places.tolist() == [2]
    assert (low[0], median[0], high[0]) == (3.5, 5.0, 8.5)  # of 2, 5 and 12


def test_settings_that_differ_are_shown(tmp_path, runs):
    other = Run.create(tmp_path / "other", dataclasses.replace(Run.open(runs[1]).config, return_scale=7.0))
    shutil.copytree(runs[1] / "evaluation", other.folder / "evaluation")
    text = page_text(render(read_runs([runs[0], other.folder], suite="heldout"), suite="heldout"))
    assert "return_scale 1.0 7.0" in text


def test_an_index_whose_video_is_gone_shows_no_video(runs):
    for entry in json.loads((runs[0] / "videos/heldout/index.json").read_text())["episodes"]:
        (runs[0] / "videos/heldout" / entry["file"]).unlink()
    assert video_seeds(drivers_of(read_runs(runs, suite="heldout"))) == []


def test_videos_of_another_checkpoint_than_the_evaluated_one_are_not_shown(runs):
    path = runs[0] / "videos/heldout/index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "checkpoint": "0123456789ab"}))
    assert video_seeds(drivers_of(read_runs(runs, suite="heldout"))) == []


def test_the_worst_episodes_come_first_with_the_command_that_shows_them(runs):
    drivers = drivers_of(read_runs(runs, suite="heldout"))
    found = worst_episodes(drivers, suite="heldout", shown=3)
    assert [(episode.driver, episode.record["seed"]) for episode in found] == [
        ("AIL", 0), ("AIL", 2), ("AIL", 4), ("A2D", 8),
    ]  # fmt: skip
    assert found[3].replay == f"a2d record {runs[0]} --suite heldout --seed 8"


def test_hits_are_ordered_by_speed_then_come_failures_then_close_passes(runs):
    (material, *_) = read_runs(runs[:1], suite="heldout")
    made = [
        {"seed": 1, "outcome": "arrived", "min_gap": 0.4},
        {"seed": 2, "outcome": "stuck"},
        {"seed": 3, "outcome": "hit_child", "impact_speed": 2.0},
        {"seed": 4, "outcome": "hit_other", "impact_speed": 9.0},
        {"seed": 5, "outcome": "arrived", "min_gap": 2.0},
        {"seed": 6, "outcome": "invalid_run"},
    ]
    material = dataclasses.replace(material, records=tuple(made))
    found = worst_episodes([Driver("A2D", (material,))], suite="cpnco")
    assert [episode.record["seed"] for episode in found] == [4, 3, 2, 1]


def test_a_grid_of_an_evaluated_standard_is_shown_with_its_points_and_source(runs):
    cells = [
        {"row": "60 km/h", "column": "50 %", "colour": "orange", "points": 0.5, "impact_speed": 17.6,
         "hit": True, "runs": 1, "invalid": 0, "seed": 4},
        {"row": "10 km/h", "column": "50 %", "colour": "green", "points": 1.0, "impact_speed": 0.0,
         "hit": False, "runs": 1, "invalid": 0, "seed": 0},
        {"row": "10 km/h", "column": "75 %", "colour": "", "points": 0.0, "impact_speed": 0.0,
         "hit": False, "runs": 0, "invalid": 1, "seed": 1},
    ]  # fmt: skip
    path = runs[0] / "evaluation" / "cpnco.json"
    path.write_text(json.dumps({"suite": "cpnco", "grid": cells}))
    materials = read_runs(runs, suite="heldout")
    (grid,) = read_grids(materials)
    assert (grid.driver, grid.points, grid.columns) == ("A2D", "1.5 of 2", ("50 %", "75 %"))
    (slow, (avoided, invalid)), (fast, (hit, missing)) = grid.rows
    assert (slow, avoided.text, avoided.colour) == ("10 km/h", "avoided", "green")
    assert (invalid.text, invalid.colour) == ("invalid", "none")
    assert (fast, hit.text, hit.colour, missing) == ("60 km/h", "18 km/h", "orange", None)
    text = page_text(render(materials, suite="heldout"))
    assert "child from behind parked cars; A2D: 1.5 of 2 points" in text
    assert f"From {path} ; again: a2d evaluate {runs[0]} --suite cpnco" in text


def test_a_grid_of_an_older_checkpoint_is_left_out(runs):
    path = runs[0] / "evaluation" / "cpnco.json"
    cell = {"row": "10 km/h", "column": "50 %", "colour": "red", "points": 0.0, "runs": 1}
    path.write_text(json.dumps({"checkpoint": "earlier", "grid": [cell]}))
    assert read_grids(read_runs(runs, suite="heldout")) == []
