"""Pictures in bands: they are the same pictures, and the threads' shares follow what rows cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving.server.render import Bands, Camera, Weather, render
from driving.server.render.bands import FEWEST_ROWS, Band, shared_out
from tests.benchmarks.bench_render import street_with_traffic

RAIN = Weather(wetness=90.0, deposits=80.0, precipitation=70.0)


@pytest.mark.parametrize("weather", [Weather(), RAIN], ids=["dry", "rain"])
@pytest.mark.parametrize("roll", [0.0, 35.0])
def test_a_picture_is_the_same_however_many_threads_draw_it(weather: Weather, roll: float) -> None:
    scene, camera = street_with_traffic(), Camera(128, 165, 80.0)
    scene.set_weather(weather)
    alone = render(scene, camera, (2.0, 1.75, 1.35), (3.0, 4.0, roll))
    for threads in (2, 3, 5):
        bands = Bands(threads)
        for _ in range(3):  # the shares change from picture to picture
            shared = render(scene, camera, (2.0, 1.75, 1.35), (3.0, 4.0, roll), bands=bands)
            for channel in ("bgra", "depth", "tag", "instance"):
                np.testing.assert_array_equal(getattr(shared, channel), getattr(alone, channel))


def test_a_picture_of_few_rows_has_few_bands() -> None:
    bands = Bands(4)
    assert [bands.number(height) for height in (1, FEWEST_ROWS, 2 * FEWEST_ROWS, 720)] == [1, 1, 2, 4]


def test_bands_cover_every_row_once() -> None:
    drawn = np.zeros(100, np.int64)

    def paint(number: int, band: Band) -> None:
        drawn[band[0] : band[1]] += 1

    bands = Bands(3)
    for _ in range(20):
        bands.paint(10, 100, paint)
    assert (drawn == 20).all()


def test_what_fails_in_a_band_fails_for_whoever_asked() -> None:
    def paint(number: int, band: Band) -> None:
        if number == 1:
            raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        Bands(2).paint(10, 100, paint)


def test_a_band_that_cost_three_times_as_much_shrinks() -> None:
    # the right end is where both cost 2: two thirds into the upper half's rows of cost 3 per half
    assert shared_out([0.5, 1.0], [3.0, 1.0], least=0.01) == pytest.approx([(0.5 + 1 / 3) / 2, 1.0])
    assert shared_out([0.5, 1.0], [1.0, 1.0], least=0.01) == pytest.approx([0.5, 1.0])


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6))
def test_shares_ascend_to_the_whole_and_leave_everybody_something(costs: list[float]) -> None:
    count = len(costs)
    ends = [(number + 1) / count for number in range(count)]
    for _ in range(5):
        ends = shared_out(ends, costs, least=0.02)
        assert len(ends) == count
        assert ends[-1] == 1.0
        assert all(end - start >= 0.02 - 1e-9 for start, end in zip([0.0, *ends], ends, strict=False))
