"""The event camera's pixels, one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from driving.server.events import EventCamera, EventSettings


def camera(rest=0, rise=10.0, noise=0.0):
    return EventCamera(EventSettings(rise, 20.0, noise, noise, rest, logarithmic=False, dark=0.001), seed=0)


def grey(*values):
    """A picture of one row; the weights of the channels sum to 0.9999."""
    return np.repeat(np.array([values], np.uint8)[..., None], 4, axis=2)


def test_the_first_picture_tells_nothing():
    assert len(camera().look(grey(0, 255), 0)) == 0


def test_brightness_that_rises_by_25_crosses_a_threshold_of_10_twice_at_two_and_four_fifths():
    events = camera()
    events.look(grey(100), 1000)
    told = events.look(grey(125), 2000)
    assert told["polarity"].tolist() == [True, True]
    assert told["t"] == pytest.approx([1400, 1800], abs=1)
    later = events.look(grey(131), 3000)  # 6 more: the third crossing is at 130
    assert later["t"] == pytest.approx([2000 + 1000 * 5 / 6], abs=1)


def test_brightness_that_falls_is_negative_with_a_threshold_of_its_own():
    events = camera()
    events.look(grey(100, 100), 0)
    told = events.look(grey(100, 75), 1000)
    assert [(one["x"], one["y"], one["polarity"]) for one in told] == [(1, 0, False)]
    assert told["t"] == pytest.approx([800], abs=1)


def test_a_pixel_that_has_told_is_silent_for_its_rest():
    events = camera(rest=500)
    events.look(grey(100), 1000)
    assert events.look(grey(125), 2000)["t"] == pytest.approx([1400], abs=1)


def test_noise_scatters_the_thresholds():
    events = camera(noise=2.0)
    events.look(grey(*[100] * 200), 0)
    times = events.look(grey(*[112] * 200), 1200)["t"]
    assert 100 < len(times) < 200  # a threshold of 10 +- 2 is below 12 in 84 % of the pixels
    assert times.std() == pytest.approx(150.0, abs=60.0)
