"""Cameras that show no light: surfaces' normals, the image's motion, changes of brightness."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from driving.server.actor import Actor
from driving.server.events import EventCamera, EventSettings
from driving.server.motion import Before, flow
from driving.server.render import Camera, Scene
from driving.server.seen import Pose, look, normals
from driving.server.sensor_attributes import flag, number
from driving.server.streams import normal_pixels

NORMALS, FLOW, EVENTS = "sensor.camera.normals", "sensor.camera.optical_flow", "sensor.camera.dvs"


class SpecialCameras:
    """What these cameras remember of their last picture."""

    def __init__(self) -> None:
        self._before: dict[int, Before] = {}  # by actor
        self._events: dict[int, EventCamera] = {}

    def normals(self, scene: Scene, camera: Camera, pose: Pose) -> NDArray[np.uint8]:
        """CARLA's picture of normals, (H, W, 4)."""
        return normal_pixels(normals(scene, look(scene, camera, pose)))

    def motion(self, scene: Scene, actor: Actor, camera: Camera, pose: Pose) -> NDArray[np.float32]:
        """Motion since this camera's last picture, (H, W, 2)."""
        seen = look(scene, camera, pose)
        moved = flow(scene, camera, seen, self._before.get(actor.id))
        self._before[actor.id] = Before(scene, seen.eye)
        return moved

    def events(self, actor: Actor, bgra: NDArray[np.uint8], now: float) -> NDArray[np.void]:
        """The events since this camera's last picture, (n,); `now` in s."""
        if actor.id not in self._events:
            self._events[actor.id] = EventCamera(_event_settings(actor), seed=0)
        return self._events[actor.id].look(bgra, round(now * 1e9))

    def forget(self, actors: Collection[int]) -> None:
        """Let go of all cameras but these."""
        self._before = {key: item for key, item in self._before.items() if key in actors}
        self._events = {key: item for key, item in self._events.items() if key in actors}


def _event_settings(actor: Actor) -> EventSettings:
    return EventSettings(
        rise=number(actor, "positive_threshold"),
        fall=number(actor, "negative_threshold"),
        rise_noise=number(actor, "sigma_positive_threshold"),
        fall_noise=number(actor, "sigma_negative_threshold"),
        rest=int(number(actor, "refractory_period_ns")),
        logarithmic=flag(actor, "use_log"),
        dark=max(number(actor, "log_eps"), 1e-6),
    )
