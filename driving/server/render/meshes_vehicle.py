"""Vehicles by type: which body a blueprint has, and its paint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from driving.server.render import coachwork as c
from driving.server.render import surfaces as s
from driving.server.render import vehicle_lights as lights
from driving.server.render.arrays import Triple
from driving.server.render.coachwork import Body, build_body, wheels
from driving.server.render.doors import leaves, open_doors
from driving.server.render.look import Look
from driving.server.render.mesh import Mesh, Solid
from driving.server.render.shape import Shape
from driving.server.render.surfaces import surface
from driving.server.render.two_wheelers import two_wheeler
from driving.server.render.vehicle_lights import Lamp

Size = tuple[float, float, float]  # length, width, height, m

LEVELS = 3
CLOSED: frozenset[int] = frozenset()
CONTACT = 0.45  # m, how far the dark of a vehicle's underside reaches

SEDAN = Body(
    shell=(
        (-0.5, 0.52, 0.78), (-0.488, 0.62, 0.92), (-0.45, 0.675, 0.965), (-0.36, 0.69, 0.99),
        (-0.15, 0.68, 1.0), (0.12, 0.67, 1.0), (0.24, 0.65, 0.99), (0.36, 0.60, 0.97), (0.45, 0.54, 0.92),
        (0.488, 0.48, 0.86), (0.5, 0.42, 0.72),
    ),
    base=(-0.40, 0.24), roof=(-0.26, 0.05), belt=0.655, roof_width=0.70,
    panes=((0.12, 0.46), (0.50, 0.80), (0.83, 0.93)), axles=(-0.29, 0.31), wheel=0.33,
)  # fmt: skip

HATCHBACK = replace(
    SEDAN,
    shell=(
        (-0.5, 0.50, 0.80), (-0.49, 0.60, 0.94), (-0.45, 0.63, 0.975), (-0.36, 0.635, 0.99),
        (-0.15, 0.63, 1.0), (0.12, 0.62, 1.0), (0.24, 0.605, 0.99), (0.36, 0.57, 0.97), (0.45, 0.52, 0.92),
        (0.488, 0.46, 0.86), (0.5, 0.40, 0.74),
    ),
    base=(-0.485, 0.26), roof=(-0.40, 0.07), belt=0.61, roof_width=0.74,
    panes=((0.11, 0.40), (0.44, 0.70), (0.74, 0.92)),
)  # fmt: skip

VAN = Body(
    shell=(
        (-0.5, 0.40, 0.93), (-0.497, 0.43, 0.97), (-0.46, 0.44, 1.0), (-0.2, 0.44, 1.0), (0.1, 0.44, 1.0),
        (0.28, 0.44, 1.0), (0.36, 0.425, 0.985), (0.44, 0.37, 0.95), (0.485, 0.31, 0.88), (0.5, 0.24, 0.78),
    ),
    base=(-0.497, 0.37), roof=(-0.487, 0.22), belt=0.43, roof_width=0.86,
    panes=((0.06, 0.22),), axles=(-0.29, 0.32), wheel=0.35, rear_pane=False,
)  # fmt: skip

BUS = Body(
    shell=(
        (-0.5, 0.36, 0.95), (-0.498, 0.38, 0.985), (-0.48, 0.39, 1.0), (-0.2, 0.39, 1.0), (0.2, 0.39, 1.0),
        (0.46, 0.39, 1.0), (0.49, 0.38, 0.985), (0.497, 0.37, 0.97), (0.5, 0.34, 0.94),
    ),
    base=(-0.498, 0.497), roof=(-0.494, 0.488), belt=0.38, roof_width=0.93,
    panes=((0.02, 0.1), (0.115, 0.26), (0.275, 0.42), (0.435, 0.58), (0.595, 0.74), (0.755, 0.88)),
    axles=(-0.27, 0.3), wheel=0.47, clearance=0.3,
)  # fmt: skip

CAB = Body(
    shell=(
        (-0.5, 0.40, 0.95), (-0.48, 0.42, 0.99), (-0.2, 0.42, 1.0), (0.2, 0.42, 1.0), (0.40, 0.42, 0.99),
        (0.47, 0.40, 0.96), (0.49, 0.38, 0.94), (0.5, 0.34, 0.90),
    ),
    base=(-0.48, 0.47), roof=(-0.46, 0.34), belt=0.41, roof_width=0.90,
    panes=((0.10, 0.62),), axles=(), wheel=0.48, rear_pane=False, clearance=0.32,
)  # fmt: skip


def vehicle_shape(look: Look, doors: frozenset[int] = CLOSED) -> Shape:
    """The shape of a vehicle of the look's type and size with these doors open (VehicleDoor)."""
    size = _size_of(look)
    if look.base_type in ("motorcycle", "bicycle"):
        return two_wheeler(look)
    kind = _body_of(look)
    half = np.array(size) / 2
    under = 0.22
    boxes = [[0.0, 0.0, under + 0.35 * size[2], half[0] * 0.97, half[1] * 0.96, 0.35 * size[2], CONTACT]]
    if kind in ("sedan", "hatchback"):
        boxes = [
            [0.0, 0.0, under + 0.22 * size[2], half[0] * 0.97, half[1] * 0.95, 0.22 * size[2], CONTACT],
            [-0.08 * size[0], 0.0, 0.8 * size[2], 0.27 * size[0], half[1] * 0.78, 0.19 * size[2], 0.0],
        ]
    elif kind != "truck":
        boxes[0][2], boxes[0][5] = under + (size[2] - under) / 2, (size[2] - under) / 2
    else:
        boxes[0][2], boxes[0][5] = 0.5 + (size[2] - 0.5) / 2, (size[2] - 0.5) / 2
    roof = _roof_of(look)
    return Shape(
        ("vehicle", kind, size, roof, doors),
        _meshes(kind, size, roof, doors),
        LEVELS,
        _paints(look),
        boxes=np.array(boxes),
        lamps=_lamps(kind, size, roof),
    )


def hinges(look: Look) -> Mapping[int, tuple[Triple, Triple]]:
    """Where the doors of a vehicle hang, m, and how far they turn, degrees; by VehicleDoor."""
    if look.base_type in ("motorcycle", "bicycle"):
        return {}
    body, size, shift = _cabin_of(_body_of(look), _size_of(look))
    return {
        door: ((leaf.hinge[0] + shift, *leaf.hinge[1:]), leaf.turn)
        for door, leaf in leaves(body, size).items()
    }


def _size_of(look: Look) -> Size:
    return round(look.length, 3), round(look.width, 3), round(look.height, 3)


def _cabin_of(kind: str, size: Size) -> tuple[Body, Size, float]:
    """The body that has the doors, its size, and how far before the vehicle's middle it is, m."""
    if kind != "truck":
        return _BODIES[kind], size, 0.0
    length = _cab_length(size[0])
    return CAB, (length, size[1] * 0.94, size[2] * 0.86), size[0] / 2 - length / 2


def _roof_of(look: Look) -> str:
    """What stands on the roof: a beacon, a taxi's sign or nothing."""
    if any(name in look.model for name in ("police", "ambulance", "firetruck")):
        return "beacon"
    return "sign" if "taxi" in look.model else ""


def _body_of(look: Look) -> str:
    model = look.model
    if look.base_type == "bus" or "fusorosa" in model:
        return "bus"
    if look.base_type == "van" or any(name in model for name in ("sprinter", "ambulance", "t2")):
        return "van"
    if "cybertruck" in model:
        return "sedan"  # a pickup that is closed to the tail
    if look.base_type == "truck" or look.length > 6.3:
        return "truck"
    return "hatchback" if look.height / look.length > 0.345 else "sedan"


@lru_cache(maxsize=64)
def _meshes(kind: str, size: Size, roof: str, doors: frozenset[int]) -> tuple[Mesh, ...]:
    meshes = []
    for level in range(LEVELS):
        solid = Solid()
        _BUILDERS[kind](solid, size, level)
        if roof:
            wide = size[1] * (0.5 if roof == "beacon" else 0.26)
            solid.box(_roof_lamp(kind, size), [0.24, wide, 0.12], slot=c.BEACON)
        if doors:
            body, cabin, shift = _cabin_of(kind, size)
            opened = Solid()
            open_doors(opened, body, cabin, doors)
            solid.take(opened, np.eye(3), [shift, 0.0, 0.0])
        meshes.append(solid.mesh())
    return tuple(meshes)


def _lamps(kind: str, size: Size, roof: str) -> tuple[Lamp, ...]:
    """Where a vehicle's lamps are."""
    cabin = Lamp(lights.CABIN, c.GLASS, (0.0, 0.0, 0.7 * size[2]))
    beacon = (Lamp(lights.BEACON, c.BEACON, _roof_lamp(kind, size)),) if roof == "beacon" else ()
    if kind != "truck":
        return (*c.lamp_places(_BODIES[kind], size), cabin, *beacon)
    length, width, _ = size
    body, cab_size, shift = _cabin_of(kind, size)
    cab = c.lamp_places(body, cab_size)
    front = [replace(lamp, place=(lamp.place[0] + shift, *lamp.place[1:])) for lamp in cab if lamp.way > 0]
    tails = [Lamp(lights.TAIL, c.TAILLIGHT, (-length / 2, side * width * 0.4, 0.72)) for side in (-1.0, 1.0)]
    blinkers = [
        Lamp(sort, slot, (-length / 2, side * width * 0.29, 0.72))
        for side, sort, slot in (
            (-1.0, lights.LEFT, c.LEFT_INDICATOR),
            (1.0, lights.RIGHT, c.RIGHT_INDICATOR),
        )
    ]
    backing = Lamp(lights.BACKING, c.BACKING_LAMP, (-length / 2, 0.2 * width, 0.72))
    return (*front, *tails, *blinkers, backing, cabin, *beacon)


def _roof_lamp(kind: str, size: Size) -> tuple[float, float, float]:
    """Where a beacon or a sign stands."""
    if kind == "truck":
        return size[0] / 2 - 0.5 * _cab_length(size[0]), 0.0, 0.86 * size[2] + 0.04
    body = _BODIES[kind]
    x = sum(body.roof) / 2 if kind in ("sedan", "hatchback") else body.roof[1] - 0.06
    return x * size[0], 0.0, size[2] + 0.02


def _cab_length(length: float) -> float:
    return min(2.3, 0.34 * length)


def _truck(solid: Solid, size: Size, level: int) -> None:
    """A cab in front of a cargo box on a chassis."""
    length, width, height = size
    cab_length = _cab_length(length)
    body, cab_size, shift = _cabin_of("truck", size)
    cab = Solid()
    build_body(cab, body, cab_size, level)
    solid.take(cab, np.eye(3), [shift, 0.0, 0.0])
    box_length = length - cab_length - 0.25
    middle = -length / 2 + box_length / 2
    floor = 0.95
    solid.box([middle, 0, (floor + height) / 2], [box_length, width, height - floor], slot=c.CARGO)
    solid.box([middle, 0, floor - 0.02], [box_length + 0.01, width + 0.02, 0.1], slot=c.TRIM)
    solid.box([-cab_length * 0.2, 0, 0.72], [length - cab_length * 0.6, width * 0.42, 0.4], slot=c.TRIM)
    for side in (-1.0, 1.0):
        solid.box(
            [middle + 0.1 * length, side * width * 0.44, 0.62], [0.36 * length, 0.06, 0.36], slot=c.TRIM
        )
    if level < c.COARSE:
        for lamp in _lamps("truck", size, ""):
            if lamp.way < 0:
                solid.box(lamp.place, [0.06, 0.3 if lamp.sort == lights.TAIL else 0.16, 0.14], slot=lamp.slot)
    solid.box([-length / 2 + 0.1, 0, 0.52], [0.08, width * 0.9, 0.1], slot=c.TRIM)
    axles = [length / 2 - 0.55 * cab_length, -length / 2 + 0.16 * length]
    if length > 7.0:
        axles.append(axles[1] + 1.15)
    for x in axles:
        wheels(solid, x, width * 0.96, CAB.wheel, level)


def _simple(body: Body) -> Callable[[Solid, Size, int], None]:
    return lambda solid, size, level: build_body(solid, body, size, level)


_BODIES = {"sedan": SEDAN, "hatchback": HATCHBACK, "van": VAN, "bus": BUS}
_BUILDERS: dict[str, Callable[[Solid, Size, int], None]] = {
    **{kind: _simple(body) for kind, body in _BODIES.items()},
    "truck": _truck,
}


def _paints(look: Look) -> NDArray[np.float64]:
    tag = look.tag
    rows = np.zeros((c.SLOTS, s.COLUMNS))
    rows[c.PAINT] = surface(s.PAINT, look.colour, tag)
    rows[c.GLASS] = surface(s.GLASS, (34, 40, 46), tag)
    rows[c.TRIM] = surface(s.MATTE, (34, 35, 37), tag)
    rows[c.TYRE] = surface(s.SMOOTH, (30, 30, 31), tag)
    rows[c.RIM] = surface(s.SMOOTH, (168, 171, 176), tag)
    rows[c.HEADLIGHT] = surface(s.GLASS, (226, 230, 234), tag)
    rows[c.TAILLIGHT] = surface(s.GLASS, (196, 22, 24), tag)
    rows[c.PLATE] = surface(s.MATTE, (232, 232, 228), tag)
    for indicator in (c.LEFT_INDICATOR, c.RIGHT_INDICATOR):
        rows[indicator] = surface(s.GLASS, (176, 98, 30), tag)
    rows[c.BACKING_LAMP] = surface(s.GLASS, (214, 214, 218), tag)
    rows[c.BEACON] = surface(s.GLASS, (236, 190, 40) if "taxi" in look.model else (32, 66, 190), tag)
    own = any(name in look.model for name in ("firetruck", "carlacola"))
    rows[c.CARGO] = surface(s.PAINT, look.colour, tag) if own else surface(s.MATTE, (204, 205, 202), tag)
    return rows
