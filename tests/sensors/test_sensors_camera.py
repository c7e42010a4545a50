"""A camera's pictures, each of its own tick."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from sensors.camera import KEPT, Camera, CameraSpec
from sensors.errors import SensorTimeout

SPEC = CameraSpec(width=8, height=8, fov=90.0, forward=0.0, up=1.0, name="front")


class Actor:
    """A sensor that shows what it is told to."""

    def listen(self, callback):
        self.show = callback

    def picture(self, frame, blue):
        bgra = np.zeros((8, 8, 4), np.uint8)
        bgra[..., 0] = blue
        self.show(SimpleNamespace(frame=frame, width=8, height=8, raw_data=bgra.tobytes()))


@pytest.fixture
def actor():
    return Actor()


@pytest.fixture
def camera(actor):
    return Camera(actor, SPEC)


def test_pictures_of_earlier_ticks_are_passed_over_and_bgra_becomes_rgb(actor, camera):
    actor.picture(6, 60)
    actor.picture(7, 70)
    picture = camera.frame(7, timeout=0.0)
    assert picture.shape == (8, 8, 3)
    assert (picture == [0, 0, 70]).all()


def test_a_picture_that_was_waited_for_can_be_asked_for_again(actor, camera):
    actor.picture(7, 70)
    camera.wait(7, timeout=0.0)
    assert (camera.frame(7, timeout=0.0) == camera.frame(7, timeout=0.0)).all()


def test_pictures_that_nobody_asks_for_do_not_pile_up(actor, camera):
    for frame in range(1, 101):
        actor.picture(frame, frame)
    assert camera._frames.qsize() == KEPT
    assert (camera.frame(101 - KEPT, timeout=0.0) == [0, 0, 101 - KEPT]).all()
    assert (camera.frame(100, timeout=0.0) == [0, 0, 100]).all()


def test_a_picture_that_does_not_come_or_is_past_is_a_timeout(actor, camera):
    with pytest.raises(SensorTimeout, match="front"):
        camera.wait(7, timeout=0.0)
    actor.picture(8, 80)
    with pytest.raises(SensorTimeout, match="front"):
        camera.wait(7, timeout=0.0)
    assert (camera.frame(8, timeout=0.0) == [0, 0, 80]).all()


def test_a_cameras_exposure_is_the_same_whatever_it_sees():
    exposed = dataclasses.replace(SPEC, exposure=9.5).exposed
    assert exposed["exposure_min_bright"] == exposed["exposure_max_bright"] == 9.5
    with pytest.raises(ValueError, match="front: exposure is -10 to 20 EV, got 99"):
        dataclasses.replace(SPEC, exposure=99)
