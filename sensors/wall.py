"""Films side by side as one animated picture, which a README shows where it cannot play a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sensors.canvas import AMBER, DARK, GREEN, GREY, RED, Canvas
from sensors.video import VideoError, frames_of

VERDICTS = {"good": GREEN, "poor": AMBER, "bad": RED}
ACROSS = 3  # films beside each other; more go below
_GAP = 8  # pixels between films, and around them
_HEAD, _LINE = 34, 24  # pixels of a scene's title, and of a line of text above or below a film
_QUALITY = 45  # of WebP's 100


@dataclass(frozen=True, slots=True)
class Take:
    """One film of a scene."""

    path: Path
    name: str  # whose it is
    ending: str  # how it ended, shown from then on
    verdict: str  # good, poor or bad
    ended: float  # s


@dataclass(frozen=True, slots=True)
class Scene:
    """The same episode, once per driver."""

    title: str
    takes: tuple[Take, ...]


def animated(scenes: Sequence[Scene], *, width: int, fps: float) -> bytes:
    """Play all films at once, those that are over showing their last frame; an animated WebP.

    Args:
        scenes: One below the other; all films have one size and rate.
        width: Of a film; pixels.
        fps: About how many of a second's frames are shown.

    Raises:
        VideoError: A film cannot be read.
    """
    films = [[frames_of(take.path, width=width) for take in scene.takes] for scene in scenes]
    rates = {rate for row in films for _, rate in row}
    sizes = {frames[0].shape for row in films for frames, _ in row}
    if len(rates) != 1 or len(sizes) != 1:
        raise VideoError("films of one wall have one size and one rate; record them alike")
    (rate,), (size,) = rates, sizes
    bands = [(scene, row, _band_height(len(row), size[0])) for scene, row in zip(scenes, films, strict=True)]
    across = min(ACROSS, max(len(row) for row in films))
    shape = (sum(height for *_, height in bands) + _GAP, across * (width + _GAP) + _GAP, 3)
    pictures = []
    step = max(1, round(rate / fps))
    for number in range(0, max(len(frames) for row in films for frames, _ in row), step):
        picture = np.full(shape, DARK, np.uint8)
        top = 0
        for scene, row, height in bands:
            _draw_scene(picture[top : top + height], scene, [frames for frames, _ in row], number, rate)
            top += height
        pictures.append(np.ascontiguousarray(picture[..., ::-1]))
    return _webp(pictures, rate / step)


def _band_height(films: int, height: int) -> int:
    return _HEAD + -(-films // ACROSS) * (height + 2 * _LINE + _GAP)


def _draw_scene(
    picture: NDArray[np.uint8],
    scene: Scene,
    films: Sequence[Sequence[NDArray[np.uint8]]],
    number: int,
    rate: float,
) -> None:
    canvas = Canvas(picture, scale=1.0)
    canvas.text(scene.title, _GAP, _HEAD - 10, size=15, bold=True)
    height, width = films[0][0].shape[:2]
    for place, (take, frames) in enumerate(zip(scene.takes, films, strict=True)):
        down, across = divmod(place, ACROSS)
        left = _GAP + across * (width + _GAP)
        top = _HEAD + down * (height + 2 * _LINE + _GAP)
        canvas.text(take.name, left, top + _LINE - 7, size=12, colour=GREY, bold=True)
        frame = frames[min(number, len(frames) - 1)]
        picture[top + _LINE : top + _LINE + height, left : left + width] = frame
        if number / rate >= take.ended:
            below = top + _LINE + height + _LINE - 7
            canvas.text(take.ending, left, below, size=11, colour=VERDICTS[take.verdict])


def _webp(pictures: list[NDArray[np.uint8]], rate: float) -> bytes:
    animation = cv2.Animation()
    animation.frames = pictures
    animation.durations = [round(1000 / rate)] * len(pictures)
    animation.loop_count = 0  # for ever
    done, data = cv2.imencodeanimation(".webp", animation, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    if not done:
        raise VideoError("OpenCV cannot write WebP here; install opencv-python from PyPI")
    return data.tobytes()
