"""Take a picture: a camera in a scene to an image with depth, classes and instances.

The camera looks along its local x axis, y is right in the image and z up; rotation is
(pitch, yaw, roll) in degrees in Unreal's order, the world is left-handed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Image, Triple, View, plain
from driving.server.render.bands import Band, Bands
from driving.server.render.compiled import Unchecked
from driving.server.render.glare import dazzle
from driving.server.render.placing import SAMPLES
from driving.server.render.puddles import mirror
from driving.server.render.rainfall import rain
from driving.server.render.raster import draw
from driving.server.render.scene import Scene, rotation_rows
from driving.server.render.shade import shade
from driving.server.render.sketch import Text, sketch, write

_draw, _shade = Unchecked(draw), Unchecked(shade)
ALONE = Bands()


@dataclass(frozen=True)
class Camera:
    """A pinhole camera.

    Raises:
        ValueError: The image is empty or the field of view is not inside (0, 180) degrees.
    """

    width: int  # px
    height: int  # px
    fov: float  # degrees, horizontal

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a camera has at least 1 x 1 pixels, got {self.width} x {self.height}")
        if not 0.0 < self.fov < 180.0:
            raise ValueError(f"a camera's fov lies between 0 and 180 degrees, got {self.fov}")

    @property
    def focal(self) -> float:
        """Focal length, px."""
        return self.width / 2 / math.tan(math.radians(self.fov) / 2)


@dataclass(frozen=True)
class Frame:
    """One picture."""

    bgra: NDArray[np.uint8]  # (H, W, 4)
    depth: NDArray[np.float32]  # (H, W) metres along the optical axis, 1000 where the sky is
    tag: NDArray[np.uint8]  # (H, W) CityObjectLabel
    instance: NDArray[np.uint32]  # (H, W) actor id, 0 for the street and the sky


def render(
    scene: Scene,
    camera: Camera,
    location: tuple[float, float, float],
    rotation: tuple[float, float, float],
    *,
    bands: Bands | None = None,
) -> Frame:
    """Draw `scene` as `camera` sees it from `location` (m), turned by `rotation` (degrees).

    `bands` shares the work out among threads; without, this one does it alone.
    """
    bands = bands or ALONE
    view = view_of(scene, camera, location, rotation)
    stage = scene.stage
    light = scene.light_at(location[0], location[1])
    count = bands.number(camera.height)
    kept = stage.canvases(camera.width * SAMPLES, camera.height * SAMPLES, count)
    room, canvases = len(kept[0].visible) // count, [plain(canvas) for canvas in kept]
    image = _blank(camera.height, camera.width)
    wet, light, written = light.wetness > 0.0, plain(light), plain(image)
    geometry, objects, view = plain(stage.geometry), plain(stage.objects), plain(view)

    def paint(number: int, band: Band) -> None:
        _draw(geometry, objects, view, canvases[number], band, number * room)
        _shade(canvases[number], geometry, objects, stage.surfaces, view, light, written, band)

    bands.paint(camera.width, camera.height, paint)
    canvas = canvases[0]
    bgra = image.pixels.view(np.uint8).reshape(camera.height, camera.width, 4)
    if wet:
        mirror(canvas, geometry, objects, stage.surfaces, view, light, bgra.copy(), bgra)
    glares = scene.glares()
    if len(glares):
        dazzle(glares, canvas, view, light, bgra)
    weather = scene.weather
    if weather.precipitation > 0.0:
        amount, wind = min(weather.precipitation / 100.0, 1.0), min(weather.wind / 100.0, 1.0)
        rain(amount, wind, scene.seconds, canvas, view, light, bgra)
    return Frame(bgra, image.depth, image.tag, image.instance)


def _blank(height: int, width: int) -> Image:
    """Room for a picture, in one piece: of several the C library gives some back to the system each time.

    Pages that come from there anew cost a fifth of a large picture's time.
    """
    pixels, shape = height * width, (height, width)
    memory = np.empty(13 * pixels, np.uint8)
    words = memory[: 12 * pixels].view(np.uint32).reshape(3, pixels)
    depth, tag = words[1].view(np.float32), memory[12 * pixels :]
    return Image(words[0], depth.reshape(shape), tag.reshape(shape), words[2].reshape(shape))


def annotate(
    frame: Frame,
    scene: Scene,
    camera: Camera,
    location: Triple,
    rotation: Triple,
    *,
    strokes: NDArray[np.float64],
    texts: Sequence[Text],
) -> NDArray[np.uint8]:
    """A copy of a frame's colours (H, W, 4) with strokes (n, COLUMNS) and texts over it, see `sketch`."""
    view, bgra = view_of(scene, camera, location, rotation), frame.bgra.copy()
    if len(strokes):
        sketch(strokes, frame.depth, plain(view), bgra)
    if texts:
        write(texts, view, bgra)
    return bgra


def view_of(scene: Scene, camera: Camera, location: Triple, rotation: Triple) -> View:
    """A camera placed in a scene."""
    (ax, bx, cx), (ay, by, cy), (az, bz, cz) = rotation_rows(rotation)
    return View(
        position=(float(location[0]), float(location[1]), float(location[2])),
        axes=((bx, by, bz), (-cx, -cy, -cz), (ax, ay, az)),
        focal=camera.focal,
        width=camera.width,
        height=camera.height,
        reach=float(scene.reach),
    )
