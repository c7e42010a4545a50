"""Pictures moved by a few pixels, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from a2d.augmentation import TOGETHER, shifted


class Drawn:
    """A generator that draws what it is told."""

    def __init__(self, *distances):
        self.distances = list(distances)

    def integers(self, low, high, count):
        drawn = np.array(self.distances.pop(0))
        assert len(drawn) == count
        assert ((low <= drawn) & (drawn < high)).all()
        return drawn


PICTURE = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]], dtype=torch.uint8)


@pytest.mark.parametrize(
    ("down", "right", "moved"),
    [
        (0, 0, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        (1, 0, [[1, 2, 3], [1, 2, 3], [4, 5, 6]]),
        (0, 1, [[1, 1, 2], [4, 4, 5], [7, 7, 8]]),
        (-1, -1, [[5, 6, 6], [8, 9, 9], [8, 9, 9]]),
        (1, -1, [[2, 3, 3], [2, 3, 3], [5, 6, 6]]),
    ],
)
def test_a_picture_moves_and_its_edges_are_repeated(down, right, moved):
    found = shifted(PICTURE.expand(2, 4, 3, 3), 1, rng=Drawn((down, right)))
    assert found.dtype == torch.uint8
    assert found.shape == (2, 4, 3, 3)
    assert (found == torch.tensor(moved, dtype=torch.uint8)).all()


def test_each_group_of_rows_moves_by_its_own_distance_and_sequences_move_whole():
    image = PICTURE.expand(TOGETHER + 1, 5, 2, 3, 3)
    found = shifted(image, 1, rng=Drawn((1, 0), (0, 1)))
    assert (found[:TOGETHER] == torch.tensor([[1, 2, 3], [1, 2, 3], [4, 5, 6]])).all()
    assert (found[TOGETHER] == torch.tensor([[1, 1, 2], [4, 4, 5], [7, 7, 8]])).all()


def test_no_distance_draws_nothing():
    assert shifted(PICTURE, 0, rng=Drawn()) is PICTURE


def test_the_distance_is_uniform_and_at_most_what_was_asked():
    rng, seen = np.random.default_rng(0), set()
    ramp = torch.arange(9).view(1, 1, 1, 9).expand(1, 1, 9, 9)
    for _ in range(200):
        seen.add(int(ramp[0, 0, 4, 4] - shifted(ramp, 2, rng=rng)[0, 0, 4, 4]))
    assert seen == {-2, -1, 0, 1, 2}  # one missing: 5 * 0.8^200
