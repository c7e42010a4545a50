"""The event camera: pixels that tell when their brightness has changed by a threshold.

Source: Rebecq, Gehrig and Scaramuzza, ESIM: an open event camera simulator, CoRL 2018, section 3:
brightness runs straight from one picture to the next, and every crossing of a threshold is an event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

EVENT = np.dtype([("x", "<u2"), ("y", "<u2"), ("t", "<i8"), ("polarity", "?")])
LEAST_THRESHOLD = 0.01  # what noise leaves of a threshold
UNCHANGED = 1e-6
_GREY = np.array([0.114, 0.587, 0.2989])  # of blue, green, red


@dataclass(frozen=True, slots=True)
class EventSettings:
    """The attributes of sensor.camera.dvs."""

    rise: float  # of brightness, that makes a positive event
    fall: float
    rise_noise: float  # standard deviation of the thresholds
    fall_noise: float
    rest: int  # ns during which a pixel that has told is silent
    logarithmic: bool
    dark: float  # added to the brightness, 0 to 1, before its logarithm


class EventCamera:
    """Remembers each pixel's brightness and its last event."""

    def __init__(self, settings: EventSettings, seed: int) -> None:
        self._settings, self._rng = settings, np.random.default_rng(seed)
        self._bright = self._reference = np.zeros((0, 0))
        self._told = np.zeros((0, 0), np.int64)
        self._now = 0  # ns

    def look(self, bgra: NDArray[np.uint8], now: int) -> NDArray[np.void]:
        """The events until `now` (ns), in order of time; none at the first look."""
        settings = self._settings
        bright = bgra[..., :3] @ _GREY
        if settings.logarithmic:
            bright = np.log(settings.dark + bright / 255.0)
        old, began = self._bright, self._now
        self._bright, self._now = bright, now
        if old.shape != bright.shape:
            self._reference, self._told = bright.copy(), np.full(bright.shape, -1, np.int64)
            return np.zeros(0, EVENT)
        threshold = self._thresholds(bright > old)
        found = _crossings(
            old, bright, self._reference, threshold, self._told, began, now, max(settings.rest, 0)
        )
        events = np.zeros(len(found), EVENT)
        for column, name in enumerate(("x", "y", "t", "polarity")):
            events[name] = found[:, column]
        return events[np.argsort(events["t"], kind="stable")]

    def _thresholds(self, rising: NDArray[np.bool_]) -> NDArray[np.float64]:
        settings = self._settings
        noise = np.where(rising, settings.rise_noise, settings.fall_noise)
        threshold = np.where(rising, settings.rise, settings.fall)
        if (noise > 0.0).any():
            threshold = threshold + self._rng.normal(size=rising.shape) * np.maximum(noise, 0.0)
        return np.maximum(threshold, LEAST_THRESHOLD)


def warm_up() -> None:
    """Load or compile the kernel."""
    settings = EventSettings(1.0, 1.0, 0.0, 0.0, 0, logarithmic=False, dark=1.0)
    camera = EventCamera(settings, seed=0)
    for now in range(2):
        camera.look(np.zeros((1, 1, 4), np.uint8), now)


@njit(cache=True)
def _crossings(
    old: NDArray[np.float64],
    new: NDArray[np.float64],
    reference: NDArray[np.float64],
    threshold: NDArray[np.float64],
    told: NDArray[np.int64],
    began: int,
    now: int,
    rest: int,
) -> NDArray[np.int64]:
    """Events as rows of x, y, time and polarity; `reference` and `told` are kept up to date."""
    found = np.empty((1024, 4), np.int64)
    count = 0
    for y in range(new.shape[0]):
        for x in range(new.shape[1]):
            change = new[y, x] - old[y, x]
            if abs(change) <= UNCHANGED:
                continue
            step = threshold[y, x] if change > 0.0 else -threshold[y, x]
            level = reference[y, x] + step
            while (level - old[y, x]) * step > 0.0 and (new[y, x] - level) * step >= 0.0:
                time = began + int((level - old[y, x]) / change * (now - began))
                reference[y, x] = level
                level += step
                if told[y, x] >= 0 and time - told[y, x] < rest:
                    continue
                told[y, x] = time
                if count == len(found):
                    found = np.concatenate((found, np.empty_like(found)))
                found[count, 0], found[count, 1] = x, y
                found[count, 2], found[count, 3] = time, int(change > 0.0)
                count += 1
    return found[:count]
