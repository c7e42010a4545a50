"""A CARLA camera as arrays, each matched to its tick by frame number."""

from __future__ import annotations

import contextlib
import queue
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.errors import SensorTimeout


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSpec:
    """A forward-looking RGB camera on the ego."""

    width: int  # pixels
    height: int  # pixels
    fov: float  # horizontal, degrees
    forward: float  # m ahead of the vehicle's centre
    up: float  # m above the ground
    exposure: float = 11.0  # what the picture is exposed for, always; EV at ISO 100
    name: str = "camera"

    def __post_init__(self) -> None:
        if not (8 <= self.width <= 4096 and 8 <= self.height <= 4096):
            raise ValueError(f"{self.name}: a side is 8 to 4096 pixels, got {self.width}x{self.height}")
        if not 10.0 <= self.fov <= 150.0:
            raise ValueError(f"{self.name}: fov is 10 to 150 degrees, got {self.fov}")
        if not -10.0 <= self.exposure <= 20.0:
            raise ValueError(f"{self.name}: exposure is -10 to 20 EV, got {self.exposure}")

    @property
    def exposed(self) -> dict[str, object]:
        """Attributes of a `sensor.camera.rgb` whose brightness follows the light alone.

        CARLA's cameras adapt between 10 and 12 EV; here both bounds are the same. Its manual exposure is of
        8.6 EV unless told otherwise (f/1.4, 1/200 s), far too bright for a day (carla-simulator/carla#3634).
        """
        return {
            "exposure_mode": "histogram",
            "exposure_min_bright": self.exposure,
            "exposure_max_bright": self.exposure,
            "motion_blur_intensity": 0.0,
        }


KEPT = 8
"""Pictures that wait to be asked for; an older one is forgotten."""


class Camera:
    """Listens to one camera actor; the newest frames wait in order until they are asked for."""

    def __init__(self, actor: Any, spec: CameraSpec) -> None:
        """`actor` is a `carla.Sensor` that is not listening yet; this object keeps it alive."""
        self.spec = spec
        self.actor = actor
        self._frames: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._image: Any = None  # the newest that was waited for
        actor.listen(self._take)

    def frame(self, number: int, *, timeout: float) -> NDArray[np.uint8]:
        """The picture of one simulated frame; RGB, shape (height, width, 3). Arguments as of `wait`."""
        self.wait(number, timeout=timeout)
        return rgb(self._image)

    def wait(self, number: int, *, timeout: float) -> None:
        """Wait for the picture of one simulated frame.

        Args:
            number: The frame that `world.tick()` returned.
            timeout: Seconds to wait for it.

        Raises:
            SensorTimeout: No picture of that frame came in time, or the sensor is already past it.
        """
        deadline = time.monotonic() + timeout
        while self._image is None or self._image.frame < number:
            try:
                self._image = self._frames.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                raise SensorTimeout.of(self.spec.name, frame=number, waited=timeout) from None
        if self._image.frame > number:
            raise SensorTimeout.of(self.spec.name, frame=number, waited=0.0)

    def _take(self, image: Any) -> None:
        self._frames.put(image)
        while self._frames.qsize() > KEPT:
            with contextlib.suppress(queue.Empty):  # who waits has just taken it
                self._frames.get_nowait()

    def stop(self) -> None:
        """Stop listening; the actor stays."""
        self.actor.stop()


def rgb(image: Any) -> NDArray[np.uint8]:
    """A `carla.Image`'s BGRA bytes as RGB, shape (height, width, 3); a copy."""
    pixels = np.frombuffer(image.raw_data, np.uint8).reshape(image.height, image.width, 4)
    return np.ascontiguousarray(pixels[:, :, 2::-1])
