"""What each pixel shows, put into bins by material; depth, class and instance on the way.

Samples of one pixel that show the same surface of the same object are one point, at their centroid. Most
pixels are one point; those of several are mixed of them when all are shaded.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.server.render import fields as f
from driving.server.render import surfaces as s
from driving.server.render.arrays import SUM_BITS, Canvas, Geometry, Image, Objects, surface_of
from driving.server.render.compiled import inlined, kernel, narrow, unsigned, vectors
from driving.server.render.fields import field
from driving.server.render.sky import SKY_DEPTH

SKY_BIN = s.MATERIALS
BINS = SKY_BIN + 1
SKY_TAG: Any = np.uint8(s.SKY)
HALF = 1 << SUM_BITS >> 1  # what sums begin with, to be rounded


@kernel
def gather(
    bins: NDArray[np.float32],
    marks: NDArray[np.int32],
    counts: NDArray[np.int64],
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    image: Image,
    start: int,
    rows: int,
    mixed: int,
) -> tuple[int, int]:
    """Put the points of pixels into bins until one is full or the rows end.

    Compiled by itself, so that it has the processor's registers to itself.

    Args:
        bins: (BINS * GATHERED * LANES,)
        marks: (BINS * MARKED * LANES,)
        counts: Points in each bin, (BINS,).
        canvas: What was drawn; its list of mixed pixels grows.
        geometry: As drawn.
        objects: As drawn.
        surfaces: As drawn.
        image: Gets depth, class and instance.
        start: The first pixel, counted row by row.
        rows: The first row of pixels not to look at.
        mixed: Pixels of several points so far.

    Returns:
        The pixel to go on with, and the new number of mixed pixels.
    """
    width = image.depth.shape[1]
    row, first = start // width, start % width
    fullest = 0
    while row < rows and fullest < f.RUN:
        end = min(first + f.BLOCK, width)
        mixed = _gather_block(
            bins, marks, counts, canvas, geometry, objects, surfaces, image, row, first, end, mixed
        )
        row, first = (row, end) if end < width else (row + 1, 0)
        for kind in range(BINS):
            fullest = max(fullest, counts[unsigned(kind)])
    return row * width + first, mixed


@inlined
def _gather_block(
    bins: NDArray[np.float32],
    marks: NDArray[np.int32],
    counts: NDArray[np.int64],
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
    image: Image,
    row: int,
    first: int,
    end: int,
    mixed: int,
) -> int:
    """Put the points of the pixels from `first` to `end` of a row into bins."""
    owners_above, owners_below = canvas.owner[2 * row], canvas.owner[2 * row + 1]
    above, below = canvas.nearness[2 * row], canvas.nearness[2 * row + 1]
    depths, tags, instances = image.depth[row], image.tag[row], image.instance[row]
    last, kind, tag, actor = -2, SKY_BIN, SKY_TAG, np.uint32(0)
    for column in range(first, end):
        here, left, right = unsigned(column), unsigned(2 * column), unsigned(2 * column + 1)
        found = (owners_above[left], owners_above[right], owners_below[left], owners_below[right])
        near = (above[left], above[right], below[left], below[right])
        if found[0] != last:
            last = found[0]
            kind, tag, actor = _face(canvas, geometry, objects, surfaces, last)
        tags[here], instances[here] = tag, actor
        place, x, y = row * image.depth.shape[1] + column, narrow(column), narrow(row)
        total = near[0] + near[1] + near[2] + near[3]
        keys = _keys(canvas, geometry, objects, found)
        if keys[0] == keys[1] and keys[0] == keys[2] and keys[0] == keys[3]:
            depths[here] = 4.0 / total if last >= 0 else SKY_DEPTH
            _append(bins, marks, counts, kind, place, last, 4.0, x + 0.5, y + 0.5, total)
            continue
        done = 0
        for sample in range(4):
            if done >> sample & 1:
                continue
            share, sum_near, sum_x, sum_y = 0.0, 0.0, 0.0, 0.0
            for other in range(4):
                if keys[other] == keys[sample]:
                    done |= 1 << other
                    share += 1.0
                    sum_near += near[other]
                    sum_x += 0.25 if other & 1 == 0 else 0.75
                    sum_y += 0.25 if other < 2 else 0.75
            if sample == 0:
                depths[here] = share / sum_near if last >= 0 else SKY_DEPTH
            else:
                kind, _, _ = _face(canvas, geometry, objects, surfaces, found[sample])
            across, down = x + sum_x / share, y + sum_y / share
            _append(bins, marks, counts, kind, -1 - mixed, found[sample], share, across, down, sum_near)
        last = -2
        number = unsigned(mixed)
        canvas.mixed[number] = place
        canvas.sums[number, 0], canvas.sums[number, 1], canvas.sums[number, 2] = HALF, HALF, HALF
        mixed += 1
    return mixed


@inlined
def take(
    bins: NDArray[np.float32],
    marks: NDArray[np.int32],
    counts: NDArray[np.int64],
    kind: int,
    work: NDArray[np.float32],
    work_marks: NDArray[np.int32],
) -> int:
    """Empty a bin into the first fields of `work` and `work_marks`; return the number of points.

    The last point is repeated until whole vectors are full.
    """
    count = counts[kind]
    full = vectors(count)
    for number in range(f.GATHERED):
        source, target = field(bins, kind * f.GATHERED + number), field(work, number)
        for point in range(count):
            target[point] = source[point]
        for point in range(count, full):
            target[point] = source[count - 1]
    for number in range(f.MARKED):
        marked, mark = field(marks, kind * f.MARKED + number), field(work_marks, number)
        for point in range(count):
            mark[point] = marked[point]
        for point in range(count, full):
            mark[point] = marked[count - 1]
    counts[kind] = 0
    return count


@inlined
def _append(
    bins: NDArray[np.float32],
    marks: NDArray[np.int32],
    counts: NDArray[np.int64],
    kind: int,
    place: int,
    owner: int,
    share: float,
    across: float,
    down: float,
    nearness: float,
) -> None:
    chosen = unsigned(kind)
    number = unsigned(counts[chosen])
    spot = chosen * unsigned(f.GATHERED * f.LANES) + number
    bins[spot + unsigned(f.ACROSS * f.LANES)] = across
    bins[spot + unsigned(f.DOWN * f.LANES)] = down
    bins[spot + unsigned(f.NEARNESS * f.LANES)] = nearness
    bins[spot + unsigned(f.SHARE * f.LANES)] = share
    spot = chosen * unsigned(f.MARKED * f.LANES) + number
    marks[spot + unsigned(f.PLACE * f.LANES)] = place
    marks[spot + unsigned(f.OWNER * f.LANES)] = owner
    counts[chosen] = number + unsigned(1)


@inlined
def _face(
    canvas: Canvas, geometry: Geometry, objects: Objects, surfaces: NDArray[np.float64], owner: int
) -> tuple[int, Any, Any]:
    """Material, class and actor of a row of `visible`, or of the sky."""
    if owner < 0:
        return SKY_BIN, SKY_TAG, np.uint32(0)
    row = unsigned(owner)
    triangle, index = unsigned(canvas.visible[row, 0]), unsigned(canvas.visible[row, 1])
    place = surface_of(geometry, objects, triangle, index)
    return int(surfaces[place, s.KIND]), np.uint8(surfaces[place, s.TAG]), objects.actor[index]


@inlined
def _keys(
    canvas: Canvas, geometry: Geometry, objects: Objects, owners: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    """One number per (object, surface) of each sample; all the same where the owners are."""
    if owners[0] == owners[1] and owners[0] == owners[2] and owners[0] == owners[3]:
        return 0, 0, 0, 0
    return (
        _key(canvas, geometry, objects, owners[0]),
        _key(canvas, geometry, objects, owners[1]),
        _key(canvas, geometry, objects, owners[2]),
        _key(canvas, geometry, objects, owners[3]),
    )


@inlined
def _key(canvas: Canvas, geometry: Geometry, objects: Objects, owner: int) -> int:
    """One number per (object, surface); -1 for the sky."""
    if owner < 0:
        return -1
    row = unsigned(owner)
    index = canvas.visible[row, 1]
    return index * 1024 + geometry.triangles[unsigned(canvas.visible[row, 0]), 3]
