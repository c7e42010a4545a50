"""What becomes of a picture between lens and file: distortion, dark corners, exposure, gamma.

The real server does this in materials that are not published. Here the lens bends by the polynomial of such
shaders; with CARLA's default coefficients, which bend by 0.3 % at most, pictures stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.server.actor import Actor
from driving.server.render import Camera
from driving.server.render.weather import tone_curve
from driving.server.sensor_attributes import number, text

STRAIGHT = (-1.0, 0.0)  # lens_k and lens_kcube of a camera that does not bend
PLAIN_GAMMA = 2.2  # what the renderer's pictures are made for
PLAIN_SHUTTER, PLAIN_FILM, PLAIN_STOP = 200.0, 100.0, 1.4  # 1/s, ISO, f-number of its exposure


@dataclass(frozen=True, slots=True)
class Finish:
    """One camera's treatment of its pictures; None is no treatment."""

    source: NDArray[np.intp] | None  # (H, W) which pixel, counted row by row, each pixel shows
    shade: NDArray[np.float64] | None  # (H, W) share of the light that arrives
    curve: NDArray[np.uint8] | None  # (256,) new display values

    def bend(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """A picture (H, W, ...) seen through the lens."""
        if self.source is None:
            return pixels
        return pixels.reshape(-1, *pixels.shape[2:])[self.source]

    def develop(self, bgra: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A colour picture (H, W, 4) with this camera's exposure, corners and gamma."""
        if self.shade is None and self.curve is None:
            return bgra
        made = bgra.copy()
        if self.shade is not None:
            made[..., :3] = made[..., :3] * self.shade[..., None] + 0.5
        if self.curve is not None:
            made[..., :3] = self.curve[made[..., :3]]
        return made


def finish_of(actor: Actor, camera: Camera) -> Finish:
    """The treatment that a camera's attributes ask for."""
    bend = (number(actor, "lens_k"), number(actor, "lens_kcube"))
    size = (number(actor, "lens_x_size"), number(actor, "lens_y_size"))
    source = None if bend == STRAIGHT else bent(camera, bend, size)
    dark = number(actor, "lens_circle_multiplier")
    shade = corners(camera, dark, number(actor, "lens_circle_falloff")) if dark > 0.0 else None
    gain, gamma = 1.0, PLAIN_GAMMA
    if "gamma" in {item.id for item in actor.blueprint.attributes}:
        gain, gamma = _gain(actor), max(number(actor, "gamma"), 0.01)
    curve = None if (gain, gamma) == (1.0, PLAIN_GAMMA) else display_curve(gain, gamma)
    return Finish(source, shade, curve)


def bent(camera: Camera, bend: tuple[float, float], size: tuple[float, float]) -> NDArray[np.intp]:
    """Which pixel each pixel shows: the one at f = 1 + r^2 (k + kcube r) times its way from the centre.

    r is that way in parts of the image, times the lens's size; beyond the edge shows the edge.
    """
    across, down = _from_centre(camera)
    square = (across * size[0]) ** 2 + (down * size[1]) ** 2
    factor = 1.0 + square * (bend[0] + bend[1] * np.sqrt(square))
    columns = np.floor((across * factor + 0.5) * camera.width).clip(0, camera.width - 1)
    rows = np.floor((down * factor + 0.5) * camera.height).clip(0, camera.height - 1)
    return (rows * camera.width + columns).astype(np.intp)


def corners(camera: Camera, dark: float, falloff: float) -> NDArray[np.float64]:
    """Share of light: 1 - dark * r^falloff, r = 1 in the corners."""
    across, down = _from_centre(camera)
    radius = np.hypot(across, down) * np.sqrt(2.0)
    return np.clip(1.0 - dark * radius ** max(falloff, 0.0), 0.0, 1.0)


def display_curve(gain: float, gamma: float) -> NDArray[np.uint8]:
    """New display values (256,) for `gain` times the light, shown at `gamma`."""
    tone = tone_curve()
    steps = np.linspace(0.0, 1.0, len(tone))
    light = np.interp(np.arange(256), tone, steps)
    shown = np.interp(np.minimum(light * gain, 1.0), steps, tone) / 255.0
    return np.round(255.0 * shown ** (PLAIN_GAMMA / gamma)).astype(np.uint8)


def _gain(actor: Actor) -> float:
    """How much more light than in the renderer's exposure, by compensation and the manual settings."""
    gain = float(2.0 ** np.clip(number(actor, "exposure_compensation"), -20.0, 20.0))
    if text(actor, "exposure_mode") != "manual":
        return gain
    shutter, stop = max(number(actor, "shutter_speed"), 1e-3), max(number(actor, "fstop"), 1e-3)
    film = max(number(actor, "iso"), 0.0)
    return gain * (PLAIN_SHUTTER / shutter) * (film / PLAIN_FILM) * (PLAIN_STOP / stop) ** 2


def _from_centre(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each pixel's way from the centre across and down, in parts of the image: -0.5 to 0.5."""
    across = (np.arange(camera.width) + 0.5) / camera.width - 0.5
    down = (np.arange(camera.height) + 0.5) / camera.height - 0.5
    return np.broadcast_arrays(across[None, :], down[:, None])  # type: ignore[return-value]
