"""Shading pass: each pixel's colour, depth, class and instance from the geometry pass.

Samples of one pixel that show the same surface of the same object are shaded once, at their centroid:
the edges of things are smooth at little more than the cost of one sample per pixel. Points of one material
are shaded together, see `fields`. Depth, class and instance come from one sample and its surface, never from
a mixture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driving.server.render import fields as f
from driving.server.render.arrays import (
    SUM_BITS,
    Canvas,
    Geometry,
    Image,
    Light,
    Objects,
    View,
    borrow_canvas,
    borrow_geometry,
    borrow_image,
    borrow_light,
    borrow_objects,
    borrow_view,
)
from driving.server.render.bins import BINS, SKY_BIN, gather, take
from driving.server.render.compiled import borrowed, inlined, kernel, narrow, single, unsigned, vectors, whole
from driving.server.render.face import look_up
from driving.server.render.fields import field
from driving.server.render.locating import locate
from driving.server.render.material import colour
from driving.server.render.sky import HAZE, skies

OPAQUE = 0xFF000000


@kernel
def shade(
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    view: View,
    light: Light,
    image: Image,
    band: tuple[int, int],
) -> None:
    """Fill a band of `image` from `canvas`: from its first row until before its second."""
    canvas, geometry, objects = borrow_canvas(canvas), borrow_geometry(geometry), borrow_objects(objects)
    view, light, image = borrow_view(view), borrow_light(light), borrow_image(image)
    surfaces = borrowed(surfaces)
    bins = np.empty(BINS * f.GATHERED * f.LANES, np.float32)
    marks = np.empty(BINS * f.MARKED * f.LANES, np.int32)
    work, work_marks = np.empty(f.NUMBERS * f.LANES, np.float32), np.empty(f.MARKS * f.LANES, np.int32)
    counts = np.zeros(BINS, np.int64)
    start, end = band[0] * view.width, band[1] * view.width
    pixel, mixed, fewest = start, start, f.RUN
    while fewest > 1:
        if pixel < end:
            pixel, mixed = gather(
                bins, marks, counts, canvas, geometry, objects, surfaces, image, pixel, band[1], mixed
            )
        else:
            fewest = 1
        for kind in range(BINS):
            if counts[kind] < fewest:
                continue
            count = take(bins, marks, counts, kind, work, work_marks)
            full = vectors(count)
            locate(work, full, view, light)
            if kind == SKY_BIN:
                skies(work, work_marks, full, view, light)
            else:
                look_up(work, work_marks, full, kind, canvas, geometry, objects, surfaces)
                colour(work, work_marks, full, kind, view, light)
            _develop(work, work_marks, count, light, canvas.sums, image.pixels)
    for number in range(start, mixed):
        blue = canvas.sums[number, 0] >> SUM_BITS
        green, red = canvas.sums[number, 1] >> SUM_BITS, canvas.sums[number, 2] >> SUM_BITS
        image.pixels[canvas.mixed[number]] = (
            np.uint32(blue) | np.uint32(green) << 8 | np.uint32(red) << 16 | OPAQUE
        )


@inlined
def _develop(
    work: NDArray[np.float32],
    marks: NDArray[np.int32],
    count: int,
    light: Light,
    sums: NDArray[np.int32],
    pixels: NDArray[np.uint32],
) -> None:
    """Put the haze before the points; write their pixels, or add to the mixed ones' display values."""
    places, shares, clear = field(marks, f.PLACE), field(work, f.SHARE), field(work, f.CLEAR)
    red, green, blue = field(work, f.RED), field(work, f.GREEN), field(work, f.BLUE)
    reds, greens, blues = field(marks, f.TONE_RED), field(marks, f.TONE_GREEN), field(marks, f.TONE_BLUE)
    haze, parts, steps = single(light.palette[HAZE]), light.tone_parts, light.tone_bytes
    top = narrow(whole(parts.shape[0] - 1))
    for point in range(count):
        thin = clear[point]
        reds[point] = whole(min(max(haze[0] + (red[point] - haze[0]) * thin, 0.0), 1.0) * top)
        greens[point] = whole(min(max(haze[1] + (green[point] - haze[1]) * thin, 0.0), 1.0) * top)
        blues[point] = whole(min(max(haze[2] + (blue[point] - haze[2]) * thin, 0.0), 1.0) * top)
    for point in range(count):
        place = places[point]
        r, g, b = unsigned(reds[point]), unsigned(greens[point]), unsigned(blues[point])
        if place >= 0:
            pixels[unsigned(place)] = steps[b] | steps[g] << 8 | steps[r] << 16 | OPAQUE
        else:
            number, share = unsigned(-1 - place), whole(shares[point])
            sums[number, 0] += share * parts[b]
            sums[number, 1] += share * parts[g]
            sums[number, 2] += share * parts[r]
