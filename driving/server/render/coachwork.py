"""Bodies of motor vehicles: a shell lofted along the car, a glazed cabin stacked on it, and wheels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.render import vehicle_lights as lights
from driving.server.render.mesh import Solid
from driving.server.render.vehicle_lights import Lamp

PAINT, GLASS, TRIM, TYRE, RIM, HEADLIGHT, TAILLIGHT, PLATE, CARGO = range(9)  # slots
LEFT_INDICATOR, RIGHT_INDICATOR, BACKING_LAMP, BEACON = range(9, 13)
SLOTS = 13
FINE, MEDIUM, COARSE = range(3)  # levels of detail

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """A vehicle's lines, as shares of its length (x from the middle), half width and height."""

    shell: tuple[tuple[float, float, float], ...]
    """Stations from rear to front: x, height of the deck, half width."""
    base: tuple[float, float]  # x of the cabin's rear and front at the belt line
    roof: tuple[float, float]  # x of the roof's rear and front
    belt: float  # height of the belt line
    roof_width: float  # of the half width
    panes: tuple[tuple[float, float], ...]  # side windows, from the cabin's front (0) to its rear (1)
    axles: tuple[float, ...]  # x
    wheel: float  # m, radius
    rear_pane: bool = True
    clearance: float = 0.2  # m


def build_body(solid: Solid, body: Body, size: tuple[float, float, float], level: int) -> None:
    """Add shell, cabin, wheels and lights of a vehicle of `size` (length, width, height) metres."""
    _shell(solid, body, size, level)
    _cabin(solid, body, size, level)
    for x in body.axles:
        wheels(solid, x * size[0], size[1], body.wheel, level)
    if level < COARSE:
        _lights(solid, body, size, level)


def lamp_places(body: Body, size: tuple[float, float, float]) -> tuple[Lamp, ...]:
    """Where its lamps are: headlights and tail lamps, with an indicator below each, and reversing lamps."""
    length, width, height = size
    front, rear = body.shell[-2], body.shell[1]
    nose, tail = length / 2 - 0.09, -length / 2 + 0.05
    lamp = max(body.clearance + 0.28, (front[1] - 0.11) * height)
    back = max(body.clearance + 0.35, (rear[1] - 0.13) * height)
    found = []
    for side, sort, slot in ((-1.0, lights.LEFT, LEFT_INDICATOR), (1.0, lights.RIGHT, RIGHT_INDICATOR)):
        found += [
            Lamp(lights.HEAD, HEADLIGHT, (nose, side * width * 0.36, lamp)),
            Lamp(lights.TAIL, TAILLIGHT, (tail, side * width * 0.385, back)),
            Lamp(sort, slot, (nose, side * width * 0.39, lamp - 0.075)),
            Lamp(sort, slot, (tail, side * width * 0.385, back - 0.105)),
            Lamp(lights.BACKING, BACKING_LAMP, (tail, side * width * 0.285, back)),
        ]
    return tuple(found)


def _lamp_size(lamp: Lamp, width: float) -> tuple[float, float, float]:
    if lamp.sort == lights.HEAD:
        return 0.17, width * 0.17, 0.11
    if lamp.sort == lights.TAIL:
        return 0.13, width * 0.14, 0.16
    if lamp.sort == lights.BACKING:
        return 0.12, width * 0.06, 0.08
    return 0.14, width * 0.10, 0.05


def wheels(solid: Solid, x: float, width: float, radius: float, level: int) -> None:
    """Add a pair of wheels with the dark of their arches at `x` metres."""
    sides = (18, 8, 5)[level]
    for side in (-1.0, 1.0):
        face = side * width / 2
        if level == FINE:
            _disc(solid, x, face - side * 0.12, face + side * 0.004, radius * 1.14, radius, TRIM, sides)
        _disc(solid, x, face - side * 0.2, face + side * 0.012, radius, radius, TYRE, sides)
        if level < COARSE:
            _disc(solid, x, face - side * 0.1, face + side * 0.02, radius * 0.62, radius, RIM, sides)
        if level == FINE:
            _disc(solid, x, face - side * 0.1, face + side * 0.026, radius * 0.2, radius, TRIM, sides // 2)


def _disc(
    solid: Solid, x: float, start: float, end: float, radius: float, height: float, slot: int, sides: int
) -> None:
    solid.tube([x, start, height], [x, end, height], (radius, radius), slot=slot, sides=sides)


def _shell(solid: Solid, body: Body, size: tuple[float, float, float], level: int) -> None:
    """The lower body: rings across the car from the rear bumper to the front one."""
    length, half, height = size[0], size[1] / 2, size[2]
    stations = body.shell if level < COARSE else (*body.shell[:-1:3], body.shell[-1])
    low = body.clearance
    rings = []
    for number, (x, top, wide) in enumerate(stations):
        lift = 0.06 if number in (0, len(stations) - 1) else 0.0
        deck, w = top * height, wide * half
        sill = low + lift
        right = [
            (0.86 * w, sill),
            (0.97 * w, sill + 0.14 * (deck - sill)),
            (w, sill + 0.52 * (deck - sill)),
            (0.975 * w, sill + 0.84 * (deck - sill)),
            (0.90 * w, sill + 0.965 * (deck - sill)),
            (0.45 * w, deck + 0.012),
        ]
        profile = [*right, *[(-y, z) for y, z in reversed(right)]]
        rings.append(np.array([(x * length, y, z) for y, z in profile]))
    slots = np.full((len(rings) - 1, len(rings[0])), PAINT, np.int32)
    slots[:, [0, 10]] = TRIM  # sills
    slots[:, 11] = TRIM  # floor
    solid.rings(rings, slot=slots, crease=38.0, cap_slot=PAINT)


def _cabin(solid: Solid, body: Body, size: tuple[float, float, float], level: int) -> None:
    """Belt line to roof: rings stacked upwards; glass between the second and the third."""
    height = size[2]
    low, high = body.belt * height, height
    levels = (0.0, 0.06, 0.86, 0.97)
    bounds = sorted({0.0, 1.0, *[edge for pane in body.panes for edge in pane]})
    if level == COARSE:
        bounds = [0.0, body.panes[0][0], body.panes[-1][1], 1.0]
        bounds = sorted(set(bounds))
    rings = [_outline(body, size, bounds, share, low + share * (high - low)) for share in levels]
    crown = _outline(body, size, bounds, 0.97, high)
    centre = crown.mean(axis=0)
    crown[:, :2] = centre[:2] + (crown[:, :2] - centre[:2]) * 0.9
    rings.append(crown)
    sides = len(rings[0])
    slots = np.full((len(rings) - 1, sides), PAINT, np.int32)
    count = len(bounds) - 1
    slots[1, 0:2] = GLASS  # windscreen
    for number in range(count):
        middle = (bounds[number] + bounds[number + 1]) / 2
        if any(start < middle < end for start, end in body.panes):
            slots[1, 3 + number] = GLASS
            slots[1, 3 + count + 3 + (count - 1 - number)] = GLASS
    if body.rear_pane:
        slots[1, 3 + count + 1] = GLASS
    solid.rings(rings, slot=slots, crease=32.0, cap_slot=PAINT)


def _outline(
    body: Body, size: tuple[float, float, float], bounds: list[float], share: float, z: float
) -> Points:
    """The cabin seen from above, `share` of the way from belt line to roof; counter-clockwise about z."""
    length, half = size[0], size[1] / 2
    rear = (body.base[0] + (body.roof[0] - body.base[0]) * share) * length
    front = (body.base[1] + (body.roof[1] - body.base[1]) * share) * length
    wide = half * (0.95 + (body.roof_width - 0.95) * share)
    nose = 0.02 * length * 0.5
    side = [(front - (front - rear) * along, wide) for along in bounds]
    side[0] = (front - 0.012 * length, wide * 0.97)
    side[-1] = (rear + 0.012 * length, wide * 0.97)
    right = [(front, 0.84 * wide), *side]
    outline = [(front, -0.84 * wide), (front + nose, 0.0), *right]
    outline += [(rear, 0.84 * wide), (rear, -0.84 * wide)]
    outline += [(x, -y) for x, y in reversed(side)]
    return np.array([(x, y, z) for x, y in outline])


def _lights(solid: Solid, body: Body, size: tuple[float, float, float], level: int) -> None:
    """Lamps, plates, grille, mirrors and door gaps."""
    length, width, height = size
    nose, tail = length / 2, -length / 2
    places = lamp_places(body, size)
    for lamp in places:
        solid.box(lamp.place, _lamp_size(lamp, width), slot=lamp.slot)
    back = places[1].place[2]
    for side in (-1.0, 1.0):
        mirror_x = (body.base[1] - 0.05) * length
        solid.box([mirror_x, side * width * 0.53, body.belt * height + 0.08], [0.13, 0.2, 0.14], slot=TRIM)
    solid.box([nose - 0.02, 0, body.clearance + 0.2], [0.08, width * 0.62, 0.14], slot=TRIM)
    solid.box([nose, 0, body.clearance + 0.3], [0.06, 0.5, 0.1], slot=PLATE)
    solid.box([tail + 0.02, 0, body.clearance + 0.1], [0.08, width * 0.72, 0.14], slot=TRIM)
    solid.box([tail, 0, back - 0.06], [0.05, 0.5, 0.11], slot=PLATE)
    if level == FINE:
        _door_gaps(solid, body, size)
    if not body.rear_pane:
        top = 0.9 * height
        solid.box([tail + 0.012, 0, (back + top) / 2], [0.03, 0.02, top - back], slot=TRIM)


def _door_gaps(solid: Solid, body: Body, size: tuple[float, float, float]) -> None:
    length, width, height = size
    start, reach = body.base[1] * length, (body.base[1] - body.base[0]) * length
    low, high = body.clearance + 0.14, body.belt * height - 0.04
    for pane_start, pane_end in body.panes[:3]:
        for share in (pane_start, pane_end):
            for side in (-1.0, 1.0):
                x = start - share * reach
                solid.box([x, side * width * 0.4935, (low + high) / 2], [0.008, 0.018, high - low], slot=TRIM)
        for side in (-1.0, 1.0):
            x = start - (pane_end - 0.06) * reach
            solid.box([x, side * width * 0.497, high - 0.1], [0.16, 0.03, 0.03], slot=PAINT)
