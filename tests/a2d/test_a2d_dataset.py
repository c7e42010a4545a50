"""The aggregated buffer keeps the newest samples within its bounds."""

import numpy as np
import pytest

from a2d.dataset import Buffer


def rows(first, last, width=4):
    numbers = np.arange(first, last)
    return {"x": numbers, "image": np.repeat(numbers[:, None], width, 1).astype(np.uint8)}


def contents(buffer):
    return buffer.column("x").tolist()


def test_the_oldest_samples_go_first():
    buffer = Buffer(samples=5, megabytes=1)
    buffer.add(rows(0, 3))
    assert contents(buffer) == [0, 1, 2]
    buffer.add(rows(3, 7))
    assert contents(buffer) == [2, 3, 4, 5, 6]


def test_more_than_fits_keeps_the_end():
    buffer = Buffer(samples=3, megabytes=1)
    buffer.add(rows(0, 10))
    assert contents(buffer) == [7, 8, 9]
    assert buffer.size == buffer.capacity == 3


def test_memory_bounds_the_number_of_samples():
    buffer = Buffer(samples=10**6, megabytes=1)
    buffer.add(rows(0, 2, width=1016))  # 8 bytes of number and 1016 of image: 1024 samples to the MiB
    assert buffer.capacity == 1024


def test_what_fits_into_so_much_memory_is_counted_in_rows():
    buffer = Buffer(samples=5000, megabytes=8)
    assert buffer.fitting(1) == 0
    buffer.add(rows(0, 1500, width=1016))
    assert [buffer.fitting(megabytes) for megabytes in (0, 1, 2)] == [0, 1024, 1500]


def test_images_stay_bytes_and_keys_stay_together():
    buffer = Buffer(samples=100, megabytes=1)
    buffer.add(rows(0, 50))
    drawn = buffer.sample(200, keys=("x", "image"), rng=np.random.default_rng(0))
    assert drawn["image"].dtype == np.uint8
    np.testing.assert_array_equal(drawn["image"][:, 0], drawn["x"])
    assert set(drawn["x"].tolist()) <= set(range(50))


def test_pictures_lie_in_memory_as_they_came():
    channels_last = np.moveaxis(np.zeros((5, 4, 6, 3), np.uint8), -1, 1)
    buffer = Buffer(samples=10, megabytes=1)
    buffer.add({"image": channels_last})
    for kept in (
        buffer.sample(7, keys=["image"], rng=np.random.default_rng(0)),
        buffer.rows(buffer.added(3)),
    ):
        assert kept["image"].shape[1:] == (3, 4, 6)
        assert np.moveaxis(kept["image"], 1, -1).flags.c_contiguous


def test_a_restored_buffer_draws_the_same_rows_by_the_same_numbers():
    first, second = Buffer(samples=5, megabytes=1), Buffer(samples=5, megabytes=1)
    first.add(rows(0, 8))
    newest = first.rows(first.added(5))
    parts = [{key: values[some] for key, values in newest.items()} for some in (slice(0, 2), slice(2, 5))]
    second.restore(parts, count=5, position=first.position, total=first.total)
    for _ in range(2):
        drawn = [buffer.sample(20, keys="x", rng=np.random.default_rng(0))["x"] for buffer in (first, second)]
        np.testing.assert_array_equal(*drawn)
        assert contents(second) == contents(first)
        assert second.total == first.total
        first.add(rows(8, 10))
        second.add(rows(8, 10))


def test_where_the_newest_rows_alone_are_restored_only_they_are_drawn():
    first, second = Buffer(samples=200, megabytes=1), Buffer(samples=200, megabytes=1)
    first.add(rows(0, 100))
    newest = first.rows(first.added(3))
    second.restore([newest], count=3, position=first.position, total=first.total)
    for expected in ([97, 98, 99], [97, 98, 99, 100, 101]):
        assert contents(second) == expected
        assert set(second.sample(100, keys="x", rng=np.random.default_rng(0))["x"]) == set(expected)
        second.add(rows(100, 102))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_share_is_drawn_in_proportion_and_the_weights_make_up_for_it(share):
    """Three quarters of the priority are the last row's; a frequency of 40,000 draws is within 0.01 of it."""
    buffer = Buffer(samples=4, megabytes=1)
    buffer.add({"x": np.arange(4), "priority": np.float32([0.5, 0.0, 0.5, 3.0])})
    chosen, weight = buffer.choose(40_000, by="priority", share=share, rng=np.random.default_rng(0))
    likely = (1 - share) / 4 + share * np.array([0.125, 0.0, 0.125, 0.75])
    np.testing.assert_allclose(np.bincount(chosen, minlength=4) / 40_000, likely, atol=0.01)
    np.testing.assert_allclose(weight, 0.25 / likely[chosen], rtol=1e-6)
    assert weight.max() <= 1 / (1 - share)
    assert buffer.rows(chosen)["x"].tolist() == chosen.tolist()


def test_what_is_put_goes_to_the_rows_that_were_added_last():
    buffer = Buffer(samples=5, megabytes=1)
    for first in (0, 3):
        buffer.add({"x": np.arange(first, first + 3), "seen": np.zeros(3)})
    assert buffer.rows(buffer.added(3))["x"].tolist() == [3, 4, 5]
    buffer.put("seen", buffer.added(3)[1:], np.array([7.0, 8.0]))
    assert contents(buffer) == [1, 2, 3, 4, 5]
    assert buffer.column("seen").tolist() == [0, 0, 0, 7, 8]


def test_rows_that_do_not_belong_are_refused():
    buffer = Buffer(samples=5, megabytes=1)
    buffer.add(rows(0, 2))
    with pytest.raises(ValueError, match="rows of one length under"):
        buffer.add({"x": np.arange(3)})
    with pytest.raises(ValueError, match="rows of one length under"):
        buffer.add({"x": np.arange(3), "image": np.zeros((2, 4), np.uint8)})
