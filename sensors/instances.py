"""CARLA's instance segmentation camera as an answer to one question: how many pixels show whom."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from sensors.camera import Camera, CameraSpec


class InstanceCamera:
    """Listens to one instance camera; whose pixels there are is asked frame by frame."""

    def __init__(self, actor: Any, spec: CameraSpec) -> None:
        """`actor` is a `carla.Sensor` that is not listening yet; this object keeps it alive."""
        self._camera = Camera(actor, spec)

    def pixels_of(self, actors: Collection[int], frame: int, *, timeout: float) -> int:
        """How many pixels of a frame show one of these actors; waits and raises as a camera does.

        An actor's id is told in the green (low byte) and blue channels, its lowest 16 bits.
        """
        picture = self._camera.frame(frame, timeout=timeout).astype(np.int64)
        shown = picture[..., 1] + 256 * picture[..., 2]
        return int(np.isin(shown, [actor & 0xFFFF for actor in actors]).sum())

    def stop(self) -> None:
        """Stop listening; the actor stays."""
        self._camera.stop()
