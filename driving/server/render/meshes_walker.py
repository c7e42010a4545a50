"""Pedestrians: a jointed figure in the poses of one walking cycle.

Heights are shares of the figure's height; the figure looks along +x and stands on z = 0.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from driving.server.render import surfaces as s
from driving.server.render.look import Look
from driving.server.render.mesh import Mesh, Solid
from driving.server.render.shape import Shape
from driving.server.render.surfaces import surface

POSES = 16  # of one cycle (two steps)
LEVELS = 3
CHILD_HEIGHT = 1.45  # m; shorter figures have a child's proportions and carry a satchel
PARTS = ("trunk", "head", "thigh", "shin", "foot", "arm", "forearm", "hand")
SKIN, HAIR, TOP, TROUSERS, SHOES, SATCHEL = range(6)  # slots
SWING, ARM_SWING, KNEE_BEND = 30.0, 26.0, 58.0  # degrees

_TROUSERS = ((48, 76, 142), (62, 66, 92), (126, 112, 88), (54, 88, 120))
_GIRTHS = (0.88, 1.0, 1.24)  # of adults' bodies
_SKINS = ((232, 184, 152), (206, 150, 116), (150, 104, 78), (108, 72, 54))
_HAIRS = ((62, 42, 28), (34, 26, 22), (148, 108, 58), (92, 66, 44))
_SATCHELS = ((250, 206, 40), (60, 190, 210), (240, 130, 30))

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """Where the joints are and how thick the limbs; shares of the height."""

    hip: float
    knee: float
    shoulder: float
    shoulder_width: float
    hip_width: float
    head: float  # height of the head's centre
    head_size: tuple[float, float, float]
    arm: float  # upper arm; the forearm is as long
    limb: float  # factor on thickness
    step: float  # length of one cycle


ADULT = Figure(0.515, 0.285, 0.815, 0.118, 0.052, 0.928, (0.058, 0.046, 0.070), 0.165, 1.0, 0.80)
CHILD = Figure(0.470, 0.255, 0.755, 0.125, 0.055, 0.893, (0.088, 0.078, 0.102), 0.150, 1.16, 0.80)


def walker_shape(look: Look) -> Shape:
    """The figure of a pedestrian; its location is the centre of its box, half its height up."""
    child, girth = build_of(look)
    figure = CHILD if child else ADULT
    pick = hashlib.sha256(look.model.encode()).digest()
    colours = (
        _SKINS[pick[0] % 4],
        _HAIRS[pick[1] % 4],
        look.colour,
        _TROUSERS[pick[2] % 4],
        (226, 226, 222) if child else (48, 42, 38),
        _SATCHELS[pick[3] % 3],
    )
    half = look.height / 2
    return Shape(
        key=("walker", child, girth),
        meshes=_meshes(child) if girth == 1.0 else _widened(child, girth),
        levels=LEVELS,
        surfaces=np.array([surface(s.SMOOTH, colour, look.tag) for colour in colours]),
        cycle=figure.step * look.height,
        scale=look.height,
        lift=-half,
        boxes=np.array([[0.0, 0.0, half, 0.10 * look.height, 0.11 * look.height, half * 0.96, 0.22]]),
    )


def build_of(look: Look) -> tuple[bool, float]:
    """Whether a pedestrian is a child, and how wide it is compared with a slender one."""
    child = look.height < CHILD_HEIGHT
    return child, 1.0 if child else _GIRTHS[hashlib.sha256(look.model.encode()).digest()[4] % 3]


@cache
def _meshes(child: bool) -> tuple[Mesh, ...]:
    figure = CHILD if child else ADULT
    parts = [_parts(figure, child, level) for level in range(LEVELS)]
    return tuple(
        _posed(figure, parts[level], 2 * math.pi * pose / POSES)
        for pose in range(POSES)
        for level in range(LEVELS)
    )


@cache
def _widened(child: bool, girth: float) -> tuple[Mesh, ...]:
    """The figures `girth` times as wide, and half as much more deep."""
    return tuple(_stretched(mesh, girth) for mesh in _meshes(child))


def _stretched(mesh: Mesh, girth: float) -> Mesh:
    factors = stretch(girth).astype(np.float32)
    return Mesh(
        mesh.vertices * factors,
        _unit(mesh.normals / factors),
        mesh.triangles,
        _unit(mesh.facings / factors),
    )


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@cache
def body_parts(child: bool, girth: float, level: int) -> Mapping[str, Mesh]:
    """The figure's parts, `girth` times as wide; limbs hang from their joint at the origin."""
    parts = _parts(CHILD if child else ADULT, child, level)
    return {name: _stretched(solid.mesh(), girth) for name, solid in parts.items()}


def stretch(girth: float) -> Points:
    """How much deeper and wider a figure is than the slender one; (3,)."""
    return np.array([(1.0 + girth) / 2, girth, 1.0])


def _parts(figure: Figure, child: bool, level: int) -> dict[str, Solid]:
    """Body parts; limbs hang from their joint at the origin, feet and hands with shin and forearm."""
    sides, rows = ((10, 7, 5)[level], (7, 5, 4)[level])
    thick, round_ends = figure.limb, level < 2
    parts = {name: Solid() for name in PARTS}
    _trunk(parts["trunk"], figure, child, sides, rows)
    _head(parts["head"], figure, sides, rows)
    upper, lower = figure.hip - figure.knee, figure.knee - 0.035
    limbs = (
        ("thigh", upper, 0.052, 0.038, TROUSERS),
        ("shin", lower, 0.037, 0.027, TROUSERS),
        ("arm", figure.arm, 0.032, 0.027, TOP),
        ("forearm", figure.arm * 0.8, 0.026, 0.020, TOP),
    )
    for name, length, start, end, slot in limbs:
        radii = (start * thick, end * thick)
        parts[name].tube(
            [0, 0, 0], [0, 0, -length], radii, slot=slot, sides=max(5, sides - 2), round_ends=round_ends
        )
    shoe = (0.068 * thick, 0.030 * thick, 0.026 * thick)
    parts["foot"].ball([0.030, 0, -lower - 0.012], shoe, slot=SHOES, rows=max(3, rows - 2), sides=sides)
    hand = 0.024 * thick
    parts["hand"].ball(
        [0, 0, -figure.arm * 0.93], [hand, hand * 0.8, hand * 1.4], slot=SKIN, rows=4, sides=sides
    )
    return parts


def _trunk(solid: Solid, figure: Figure, child: bool, sides: int, rows: int) -> None:
    low, high, wide = figure.hip, figure.shoulder, figure.shoulder_width
    angles = np.arange(sides + 2) * 2 * np.pi / (sides + 2)
    outline = (
        (low - 0.035, 0.048, 0.070, TROUSERS),
        (low + 0.015, 0.066, 0.092, TROUSERS),
        (low + 0.030, 0.066, 0.092, TOP),
        (low + 0.30 * (high - low), 0.062, 0.084, TOP),
        (low + 0.70 * (high - low), 0.070, wide * 0.92, TOP),
        (high - 0.005, 0.060, wide, TOP),
        (high + 0.022, 0.044, wide * 0.62, TOP),
        (high + 0.040, 0.026, 0.030, SKIN),
        (figure.head - 0.03, 0.024, 0.026, SKIN),
    )
    rings = [
        np.stack([x * np.cos(angles), y * np.sin(angles), np.full(len(angles), z)], axis=1)
        for z, x, y, _ in outline
    ]
    slots = np.array([[slot] * len(angles) for *_, slot in outline[1:]], np.int32)
    solid.rings(rings, slot=slots, crease=70.0)
    if child:
        middle = low + 0.60 * (high - low)
        solid.ball(
            [-0.095, 0, middle], [0.062, 0.090, 0.115], slot=SATCHEL, rows=max(4, rows - 1), sides=sides
        )


def _head(solid: Solid, figure: Figure, sides: int, rows: int) -> None:
    size = np.array(figure.head_size)
    solid.ball([0.008, 0, figure.head], size, slot=SKIN, rows=rows, sides=sides)
    solid.ball(
        [-0.010, 0, figure.head + 0.22 * size[2]],
        size * [1.04, 1.09, 0.92],
        slot=HAIR,
        rows=rows,
        sides=sides,
    )


def _posed(figure: Figure, parts: dict[str, Solid], phase: float) -> Mesh:
    """The figure `phase` radians into its cycle; at 0 it stands upright."""
    solid = Solid()
    lift = -0.014 * (1 - math.cos(2 * phase)) / 2
    for name in ("trunk", "head"):
        solid.take(parts[name], np.eye(3), [0, 0, lift])
    for side, offset in ((-1.0, 0.0), (1.0, math.pi)):
        swing = math.sin(phase + offset)
        bend = max(0.0, math.cos(phase + offset)) * min(1.0, abs(math.sin(phase)) * 1.6)
        hip = np.array([0.0, side * figure.hip_width, figure.hip + lift])
        _limb(
            solid,
            parts,
            ("thigh", "shin", "foot"),
            hip,
            SWING * swing + 0.25 * KNEE_BEND * bend,
            -KNEE_BEND * bend - 4,
            figure.hip - figure.knee,
        )
        shoulder = np.array([0.0, side * (figure.shoulder_width + 0.012), figure.shoulder - 0.012 + lift])
        _limb(
            solid,
            parts,
            ("arm", "forearm", "hand"),
            shoulder,
            -ARM_SWING * swing,
            14 + 12 * max(0.0, -swing),
            figure.arm,
        )
    return solid.mesh()


def _limb(
    solid: Solid,
    parts: dict[str, Solid],
    names: tuple[str, str, str],
    joint: Points,
    angle: float,
    bend: float,
    length: float,
) -> None:
    """An upper part swung forward by `angle` degrees, and a lower part and its end bent by `bend` more."""
    upper = _forward(angle)
    solid.take(parts[names[0]], upper, joint)
    for name in names[1:]:
        solid.take(parts[name], _forward(angle + bend), joint + upper @ np.array([0.0, 0.0, -length]))


def _forward(angle: float) -> Points:
    """Rotation about the y axis that swings a hanging limb towards +x."""
    c, s_ = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return np.array([[c, 0.0, -s_], [0.0, 1.0, 0.0], [s_, 0.0, c]])
