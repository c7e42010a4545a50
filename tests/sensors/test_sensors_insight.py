"""The strip that explains a driver: heat where it is hot, bars that point the right way, the first sight."""

from dataclasses import replace

import numpy as np
import pytest

from sensors.insight import FLASH, FULL_HEAT, Commands, Insight, draw_insight, heat_map

FRAME = np.full((450, 800, 3), 90, np.uint8)
CALM = Insight(
    picture=np.full((48, 96, 3), 120, np.uint8),
    heat=np.zeros((48, 96), np.float32),
    commands=[Commands(0.0, (0.0, 0.0), None)],
    expert_name="learned expert",
    value=None,
    seen_since=None,
)


def strip(insight: Insight) -> np.ndarray:
    """What is below the frame."""
    return draw_insight(FRAME, insight)[450:].astype(int)


def changed(one: Insight, other: Insight) -> np.ndarray:
    """Where two strips differ."""
    return (strip(one) != strip(other)).any(axis=2)


def test_the_hazard_is_called_by_its_name():
    assert changed(CALM, replace(CALM, hazard="oncoming")).any()
    seen = replace(CALM, seen_since=0.0)
    assert changed(seen, replace(seen, hazard="oncoming")).any()


@pytest.mark.parametrize(("height", "width"), [(225, 400), (450, 800), (720, 1280)])
def test_the_strip_is_below_the_frame_and_follows_its_size(height, width):
    frame = np.full((height, width, 3), 90, np.uint8)
    drawn = draw_insight(frame, CALM)
    assert (drawn[:height] == frame).all()
    assert drawn.shape[0] == pytest.approx(height * 780 / 450, abs=2)
    assert drawn.shape[1:] == (width, 3)
    assert drawn.shape[0] % 2 == height % 2, "videos need an even height"


def test_heat_is_coloured_where_it_is_and_nowhere_else():
    heat = np.zeros((48, 96), np.float32)
    heat[10:20, 30:40] = FULL_HEAT
    drawn = heat_map(CALM.picture, heat).astype(int)
    grey = (drawn.max(axis=2) - drawn.min(axis=2)) == 0
    assert not grey[10:20, 30:40].any()
    assert grey.sum() == 48 * 96 - 100
    hotter = heat_map(CALM.picture, 9 * heat)
    assert (hotter == drawn).all(), "what is hotter than full is drawn as full"


def test_the_driver_and_its_expert_have_bars_of_their_own_on_either_side():
    def pedals(driver: float, expert: float) -> Insight:
        return replace(CALM, commands=[Commands(0.0, (0.0, driver), (0.0, expert))])

    where = np.argwhere(changed(pedals(0.0, 0.0), pedals(0.8, 0.0))[90:150, 480:740])
    assert where[:, 1].mean() > 130, "throttle is right of the middle"
    rows = where[:, 0].mean()
    where = np.argwhere(changed(pedals(0.0, 0.0), pedals(0.0, -0.8))[90:150, 480:740])
    assert where[:, 1].mean() < 130, "the brake is left of it"
    assert where[:, 0].mean() > rows + 10, "the expert's bar is below the driver's"


def test_the_first_sight_is_framed_for_a_moment_told_from_then_on_and_marked_in_the_chart():
    def at(time: float) -> Insight:
        return replace(CALM, commands=[Commands(time, (0.0, 0.0), None)], seen_since=2.0)

    def red(pixels: np.ndarray) -> np.ndarray:
        return (np.abs(pixels.astype(int) - [226, 62, 56]) <= 2).all(axis=-1)

    assert red(draw_insight(FRAME, at(2.0))[[0, 449], 400]).all()
    late = draw_insight(FRAME, at(2.0 + FLASH))
    assert (late[:450] == FRAME).all()
    assert red(late[450:])[180:206, 400:620].any(), "the words stay"
    columns = np.flatnonzero(red(late[450:])[240:300].all(axis=0))
    assert columns.size, "a line over the chart's whole height"
    assert columns.mean() == pytest.approx(78 + (800 - 12 - 78) * 2.0 / 8.0, abs=2)


def test_what_is_not_known_is_not_drawn():
    known = replace(CALM, commands=[Commands(0.0, (0.0, 0.0), (0.0, 0.0))], value=-3.25)
    assert changed(CALM, replace(CALM, value=-3.25))[:230, 400:].any()
    assert changed(CALM, known)[:32, 480:].any(), "the expert's name"
    unnamed = replace(known, commands=CALM.commands, value=None, expert_name="nobody")
    assert not changed(CALM, unnamed).any()


def test_the_chart_grows_with_time():
    def until(steps: int) -> Insight:
        return replace(CALM, commands=[Commands(0.1 * t, (0.0, 0.5), None) for t in range(steps)])

    def reach(steps: int) -> int:
        return int(np.flatnonzero(changed(CALM, until(steps))[232:310, 78:].any(axis=0)).max())

    assert reach(40) == pytest.approx(710 * 3.9 / 8.0, abs=4)
    assert reach(200) == pytest.approx(710, abs=4), "a long episode is fitted in"
