"""An image to draw on in the units of a layout: rounded panels, text, lines, pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

REFERENCE_HEIGHT = 450  # px; a dashcam's layout is made for this height and scales with the frame
WHITE, GREY, DARK = (245, 247, 250), (192, 199, 208), (16, 20, 26)
GREEN, RED, AMBER, BLUE = (62, 180, 108), (226, 62, 56), (224, 138, 20), (98, 168, 240)
_REGULAR, _BOLD = cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX
_SHIFT = 4  # bits of a pixel's fraction in what OpenCV draws


class Canvas:
    """An image addressed in a layout's units.

    Args:
        image: RGB, uint8, shape (H, W, 3); drawn on.
        scale: Pixels per unit.
    """

    def __init__(self, image: NDArray[np.uint8], *, scale: float) -> None:
        self.image, self.scale = image, scale
        self.height, self.width = image.shape[0] / scale, image.shape[1] / scale

    def panel(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        *,
        colour: tuple[int, int, int],
        opacity: float,
    ) -> None:
        """Blend a rounded rectangle into the image."""
        box = [round(value * self.scale) for value in (left, top, right, bottom)]
        x0, y0 = max(box[0], 0), max(box[1], 0)
        x1, y1 = min(box[2], self.image.shape[1]), min(box[3], self.image.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        radius = min(round(5 * self.scale), (x1 - x0) // 2, (y1 - y0) // 2)
        cv2.rectangle(mask, (radius, 0), (x1 - x0 - 1 - radius, y1 - y0 - 1), 255, -1)
        cv2.rectangle(mask, (0, radius), (x1 - x0 - 1, y1 - y0 - 1 - radius), 255, -1)
        for x in (radius, x1 - x0 - 1 - radius):
            for y in (radius, y1 - y0 - 1 - radius):
                cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
        weight = mask[..., None].astype(np.float32) * (opacity / 255)
        area = self.image[y0:y1, x0:x1]
        area[:] = (area * (1 - weight) + np.asarray(colour, np.float32) * weight + 0.5).astype(np.uint8)

    def text(
        self,
        words: str,
        x: float,
        baseline: float,
        *,
        size: float,
        colour: tuple[int, int, int] = WHITE,
        bold: bool = False,
        anchor: float = 0.0,
    ) -> float:
        """Write one line; `anchor` 0 puts its left end at x, 1 its right end. Returns where it ends."""
        font, factor = (_BOLD if bold else _REGULAR), size * self.scale / 22
        weight = max(1, round(0.8 * self.scale))
        width = cv2.getTextSize(words, font, factor, weight)[0][0]
        left = x * self.scale - anchor * width
        at = (round(left), round(baseline * self.scale))
        cv2.putText(self.image, words, at, font, factor, colour, weight, cv2.LINE_AA)
        return (left + width) / self.scale

    def text_width(self, words: str, *, size: float, bold: bool = False) -> float:
        """How wide a line would be."""
        font, weight = (_BOLD if bold else _REGULAR), max(1, round(0.8 * self.scale))
        return float(cv2.getTextSize(words, font, size * self.scale / 22, weight)[0][0]) / self.scale

    def line(
        self, points: Sequence[tuple[float, float]], *, colour: tuple[int, int, int], width: float
    ) -> None:
        """Draw straight lines from point to point."""
        if len(points) > 1:
            corners = np.rint(np.asarray(points) * self.scale * 2**_SHIFT).astype(np.int32)
            weight = max(1, round(width * self.scale))
            cv2.polylines(self.image, [corners], False, colour, weight, cv2.LINE_AA, _SHIFT)

    def picture(self, pixels: NDArray[np.uint8], left: float, top: float, *, width: float) -> None:
        """Put an RGB picture (h, w, 3) there, enlarged or reduced to a width; what sticks out is cut off."""
        size = round(width * self.scale), round(width * self.scale * pixels.shape[0] / pixels.shape[1])
        x, y = round(left * self.scale), round(top * self.scale)
        shown = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
        area = self.image[y : y + size[1], x : x + size[0]]
        area[:] = shown[: area.shape[0], : area.shape[1]]
