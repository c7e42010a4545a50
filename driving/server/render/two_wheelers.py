"""Bicycles and motorcycles with a rider."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from driving.server.render import surfaces as s
from driving.server.render import vehicle_lights as lights
from driving.server.render.look import Look
from driving.server.render.mesh import Mesh, Solid
from driving.server.render.shape import Shape
from driving.server.render.surfaces import surface
from driving.server.render.vehicle_lights import Lamp

RIDER = 13  # CityObjectLabel of who sits on it

FRAME, TYRE, CLOTHES, SKIN, HELMET, HEADLIGHT, TAILLIGHT = range(7)  # slots


_CLOTHES = ((52, 62, 84), (128, 58, 50), (60, 96, 70), (44, 44, 48), (176, 142, 70))
_HELMETS = ((206, 206, 202), (40, 42, 48), (190, 60, 40))


def two_wheeler(look: Look) -> Shape:
    """A bicycle or a motorcycle of the look's length, ridden."""
    heavy = look.base_type == "motorcycle"
    pick = hashlib.sha256(look.model.encode()).digest()
    head = _HELMETS[pick[0] % 3] if heavy or pick[1] % 2 else (72, 50, 34)  # cyclists may go bareheaded
    rows = [
        surface(s.PAINT, look.colour, look.tag),
        surface(s.SMOOTH, (28, 28, 30), look.tag),
        surface(s.SMOOTH, _CLOTHES[pick[2] % 5], RIDER),
        surface(s.SMOOTH, (222, 172, 140), RIDER),
        surface(s.PAINT, head, RIDER),
        surface(s.GLASS, (226, 230, 234), look.tag),
        surface(s.GLASS, (196, 22, 24), look.tag),
    ]
    length = round(look.length, 3)
    return Shape(
        key=("two-wheeler", heavy, length),
        meshes=_meshes(heavy, length),
        levels=3,
        surfaces=np.array(rows),
        boxes=np.array([[0.0, 0.0, 0.85, length * 0.42, 0.16, 0.7, 0.3]]),
        lamps=_lamps(heavy, length),
    )


def _lamps(heavy: bool, length: float) -> tuple[Lamp, ...]:
    """A headlight below the bar and a tail lamp behind the saddle."""
    radius = 0.31 if heavy else 0.33
    rear, front = -length / 2 + radius, length / 2 - radius
    return (
        Lamp(lights.HEAD, HEADLIGHT, (front + 0.02, 0.0, 0.84)),
        Lamp(lights.TAIL, TAILLIGHT, (rear + 0.04, 0.0, 0.74)),
    )


def _hoop(solid: Solid, x: float, radius: float, thick: float, sides: int) -> None:
    """A wheel that one sees through: a tyre of square section around (x, 0, radius)."""
    angles = np.arange(sides) * 2 * np.pi / sides
    around = np.stack([-np.cos(angles), np.zeros(sides), np.sin(angles)], axis=1)
    section = ((radius, -thick), (radius, thick), (0.87 * radius, thick), (0.87 * radius, -thick))
    rings = [around * out + [x, y, radius] for out, y in (*section, section[0])]
    solid.rings(rings, slot=TYRE, crease=60.0, caps=False)
    solid.tube([x, -2 * thick, radius], [x, 2 * thick, radius], (0.04, 0.04), slot=TYRE, sides=6)


@lru_cache(maxsize=16)
def _meshes(heavy: bool, length: float) -> tuple[Mesh, ...]:
    return tuple(_build(heavy, length, sides) for sides in (12, 7, 5))


def _build(heavy: bool, length: float, sides: int) -> Mesh:
    solid = Solid()
    radius, thick = (0.31, 0.09) if heavy else (0.33, 0.025)
    rear, front = -length / 2 + radius, length / 2 - radius
    for x in (rear, front):
        if heavy:
            solid.tube([x, -thick, radius], [x, thick, radius], (radius, radius), slot=TYRE, sides=sides + 4)
        else:
            _hoop(solid, x, radius, thick, sides + 6)
    pipe = 0.05 if heavy else 0.022
    saddle, head = [rear + 0.32, 0.0, 0.86], [front - 0.16, 0.0, 0.88]
    hub = [(rear + front) / 2 - 0.05, 0.0, 0.32]
    joints = [
        ([rear, 0, radius], hub),
        (hub, saddle),
        (hub, head),
        (saddle, head),
        (head, [front, 0, radius]),
    ]
    for a, b in joints:
        solid.tube(a, b, (pipe, pipe), slot=FRAME, sides=max(4, sides // 2))
    if heavy:
        solid.ball([0.05, 0, 0.62], [0.42, 0.17, 0.26], slot=FRAME, rows=sides // 2 + 1, sides=sides)
    for lamp in _lamps(heavy, length):
        side = 0.16 if heavy else 0.08
        solid.box(lamp.place, [0.08, side, side], slot=lamp.slot)
    bar = [head[0] - 0.02, 0.0, 1.02]
    for side in (-1.0, 1.0):
        hand = [bar[0], side * 0.27, bar[2]]
        solid.tube([bar[0], 0, bar[2]], hand, (0.018, 0.018), slot=TYRE, sides=4)
        hip, shoulder = [saddle[0], side * 0.09, 0.96], [saddle[0] + 0.24, side * 0.17, 1.40]
        knee = [saddle[0] + 0.38, side * 0.13, 0.72 + 0.06 * side]
        foot = [hub[0] + 0.08 * side, side * 0.12, 0.28 + 0.06 * side]
        for a, b, radii, slot in (
            (hip, knee, (0.085, 0.065), CLOTHES),
            (knee, foot, (0.06, 0.045), CLOTHES),
            (shoulder, hand, (0.05, 0.038), CLOTHES),
        ):
            solid.tube(a, b, radii, slot=slot, sides=max(4, sides // 2 + 1), round_ends=sides > 5)
    solid.tube(
        [saddle[0], 0, 0.92],
        [saddle[0] + 0.25, 0, 1.42],
        (0.14, 0.17),
        slot=CLOTHES,
        sides=sides,
        round_ends=True,
    )
    solid.ball([saddle[0] + 0.34, 0, 1.62], [0.10, 0.085, 0.12], slot=SKIN, rows=sides // 2 + 1, sides=sides)
    solid.ball(
        [saddle[0] + 0.32, 0, 1.67], [0.135, 0.11, 0.11], slot=HELMET, rows=sides // 2 + 1, sides=sides
    )
    return solid.mesh()
