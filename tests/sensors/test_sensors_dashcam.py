"""The dashcam's overlay: what is drawn, where, and in which colour."""

from dataclasses import replace

import numpy as np
import pytest

from sensors.dashcam import Overlay, draw_overlay

DRIVING = Overlay(
    speed=10.0,
    speed_limit=50 / 3.6,
    steer=0.0,
    throttle=0.0,
    brake=0.0,
    time_to_collision=None,
    time=4.2,
    caption="child crossing, seed 12",
)


def street(height: int = 450, width: int = 800) -> np.ndarray:
    """A grey gradient: smooth, so that H.264 returns it nearly as it was."""
    ramp = np.linspace(40, 200, width, dtype=np.float64)[None, :, None]
    return np.broadcast_to(ramp, (height, width, 3)).astype(np.uint8)


def test_the_overlay_leaves_its_frame_alone_and_keeps_its_shape():
    frame = street()
    drawn = draw_overlay(frame, DRIVING)
    assert (frame == street()).all()
    assert drawn.shape == frame.shape
    assert drawn.dtype == np.uint8
    assert (drawn[120:360] == frame[120:360]).all(), "the middle of the view stays free"


def changed(before: Overlay, after: Overlay) -> np.ndarray:
    """Mean colour of the pixels that differ between two overlays."""
    first, second = draw_overlay(street(), before), draw_overlay(street(), after)
    return second[(first != second).any(axis=2)].astype(float).mean(axis=0)


def test_the_outcome_banner_is_green_red_or_amber():
    red, green, _ = changed(DRIVING, replace(DRIVING, outcome="arrived"))
    assert green > red
    red, green, _ = changed(DRIVING, replace(DRIVING, outcome="hit_child", impact_speed=5.3))
    assert red > 2 * green
    red, green, blue = changed(DRIVING, replace(DRIVING, outcome="left_lane"))
    assert red > green > blue


def test_pedals_grow_with_their_values():
    def lit(brake: float) -> int:
        drawn = draw_overlay(street(), replace(DRIVING, brake=brake)).astype(int)
        return int((drawn[..., 0] > 2 * drawn[..., 1]).sum())

    assert lit(0.0) == 0 < lit(0.5) < lit(1.0)
    assert lit(1.0) == pytest.approx(2 * lit(0.5), rel=0.1)


@pytest.mark.parametrize(("height", "width"), [(225, 400), (450, 800), (720, 1280)])
def test_the_layout_follows_the_frames_size(height, width):
    drawn = draw_overlay(
        street(height, width), replace(DRIVING, outcome="arrived", time_to_collision=float("inf"))
    )
    share = (drawn != street(height, width)).any(axis=2).mean()
    assert 0.15 < share < 0.30
