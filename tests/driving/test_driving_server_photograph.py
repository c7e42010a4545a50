"""Lens and exposure by hand-worked pixels."""

from __future__ import annotations

import numpy as np
import pytest

from driving.server.photograph import Finish, bent, corners, display_curve
from driving.server.render import Camera

WIDE = Camera(100, 1, 90.0)
NUMBERED = np.arange(100, dtype=np.uint8)[None, :, None].repeat(4, axis=2)


def test_a_lens_shows_each_pixel_what_lies_at_its_polynomial():
    through = Finish(bent(WIDE, (-0.4, 0.0), (1.0, 1.0)), None, None).bend(NUMBERED)[0, :, 0]
    # the last pixel lies 0.495 from the centre: f = 1 - 0.4 * 0.495^2 = 0.902, so it shows 0.5 + 0.4465
    assert through[99] == 94
    assert through[0] == 5
    assert through[50] == 50
    cubic = bent(WIDE, (0.0, -0.8), (1.0, 1.0))[0]
    assert cubic[99] == 94  # f = 1 - 0.8 * 0.495^3 = 0.903


def test_the_size_of_the_lens_scales_how_much_it_bends():
    assert bent(WIDE, (-0.4, 0.0), (0.08, 0.08))[0].tolist() == list(range(100))


def test_corners_lose_the_multiplier_and_the_centre_nothing():
    share = corners(Camera(101, 101, 90.0), 0.5, 2.0)
    assert share[50, 50] == 1.0
    assert share[0, 0] == pytest.approx(0.5, abs=0.02)
    assert share[50, 0] == pytest.approx(0.75, abs=0.02)  # half of the corner's r^2


def test_gamma_is_relative_to_that_of_the_picture():
    assert display_curve(1.0, 2.2).tolist() == list(range(256))
    assert display_curve(1.0, 1.1)[128] == round(255 * (128 / 255) ** 2)


def test_twice_the_light_is_one_stop_and_white_stays_white():
    once, twice = display_curve(1.0, 2.2), display_curve(2.0, 2.2)
    assert (twice >= once).all()
    assert twice[255] == 255
    # display 64 is 0.0513 of the light on the sRGB curve, and twice that is display 91
    assert twice[64] == pytest.approx(91, abs=2)
