"""Traffic lights and signs: posts, heads of three lamps, and plates.

Heads and plates look along their own y axis, as CARLA's lights and signs do; their x axis points to the
right of whoever looks at them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driving.server.render import surfaces as s
from driving.server.render.arrays import Triple
from driving.server.render.mesh import Mesh, Solid
from driving.server.render.shape import Shape
from driving.server.render.strokes import strokes_of
from driving.server.render.surfaces import surface

LIGHT, STOP, YIELD, SPEED = "light", "stop", "yield", "speed"
HEAD = (LIGHT,)  # key of a head's shape
HEAD_HALF = (0.2, 0.2, 0.58)  # m, half sizes of a head
LAMPS = (0.36, 0.0, -0.36)  # m above a head's middle: red, yellow, green
LAMP_RADIUS, LAMP_FRONT = 0.115, 0.012  # m; how far before a head's middle the lamps are
FIRST_LAMP = 1  # slot of the red one
PLATE_RADIUS = 0.4  # m
BEHIND = 0.1  # m from a head's middle back to its post's axis
HANGER = 0.1  # m from a head's top up to the arm that it hangs from
POST_RADIUS = 0.08  # m
BELOW = 0.3  # m of a post under ground

_LIT: tuple[Triple, ...] = ((1.0, 0.03, 0.02), (1.0, 0.52, 0.02), (0.03, 1.0, 0.42))  # linear
_GLARE = 0.5  # m
_UNLIT = ((64, 16, 14), (66, 50, 14), (12, 52, 34))
_HOUSING, _STEEL, _BACK = (30, 32, 33), (104, 108, 110), (120, 124, 126)
_WHITE, _RED, _BLACK = (236, 236, 232), (190, 22, 26), (22, 22, 22)


@dataclass(frozen=True, slots=True)
class Sign:
    """A light's head or a sign's plate."""

    kind: str
    number: int  # of a speed limit
    signal: str  # its id in the map
    place: Triple  # of its middle, m
    yaw: float  # degrees, of its x axis
    seen_from: tuple[tuple[float, float], ...] = ()  # x, y in m: what stands between is in the way


@dataclass(frozen=True, slots=True)
class Post:
    """What carries heads or plates."""

    foot: Triple  # on the ground, m
    height: float  # m
    yaw: float = 0.0  # degrees, where its arm points
    hangers: tuple[float, ...] = ()  # m along the arm where heads hang; none: it has no arm


@dataclass(frozen=True, slots=True)
class Signage:
    """Everything of a map."""

    signs: tuple[Sign, ...] = ()
    posts: tuple[Post, ...] = ()


NO_SIGNAGE = Signage()


def shape_of(sign: Sign) -> Shape:
    """A head, or a plate."""
    if sign.kind == LIGHT:
        paints = [surface(s.MATTE, _HOUSING, s.TRAFFIC_LIGHTS)]
        paints += [surface(s.SMOOTH, colour, s.TRAFFIC_LIGHTS) for colour in _UNLIT]
        return Shape(HEAD, _head_meshes(), 3, np.array(paints))
    colours = (_BACK, _RED, _WHITE, _BLACK)
    paints = [surface(s.MATTE, colour, s.TRAFFIC_SIGNS) for colour in colours]
    return Shape(("sign", sign.kind, sign.number), _plate_meshes(sign.kind, sign.number), 3, np.array(paints))


def post_shape(post: Post) -> Shape:
    """A post with its arm."""
    height, hangers = round(post.height, 2), tuple(round(along, 2) for along in post.hangers)
    paint = np.array([surface(s.SMOOTH, _STEEL, s.POLES)])
    return Shape(("post", height, hangers), _post_meshes(height, hangers), 2, paint)


def pose_of(place: Triple, yaw: float) -> NDArray[np.float64]:
    """Local to world (3, 4) of what stands upright."""
    c, n = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    return np.array([[c, -n, 0.0, place[0]], [n, c, 0.0, place[1]], [0.0, 0.0, 1.0, place[2]]])


def relit(surfaces: NDArray[np.float64], lamp: int | None) -> NDArray[np.float64]:
    """A head's surfaces (slots, COLUMNS) with one lamp burning: 0 red, 1 yellow, 2 green; or none."""
    painted = surfaces.copy()
    if lamp is not None:
        painted[FIRST_LAMP + lamp, s.KIND] = s.GLOW
        painted[FIRST_LAMP + lamp, s.RED : s.BLUE + 1] = _LIT[lamp]
    return painted


def glare_of(pose: NDArray[np.float64], lamp: int) -> list[float]:
    """What a burning lamp of a head at a pose (3, 4) dazzles with: a row of `glare`."""
    place = pose[:, :3] @ np.array([0.0, LAMP_FRONT, LAMPS[lamp]]) + pose[:, 3]
    return [*place, *pose[:, 1], *(0.8 * part for part in _LIT[lamp]), _GLARE]


@cache
def _head_meshes() -> tuple[Mesh, ...]:
    return _head(16, 6), _head(10, 4), _head(4, 0)


def _head(sides: int, folds: int) -> Mesh:
    """A housing before a thin plate, three lamps and, with folds, their visors."""
    wide, deep, tall = HEAD_HALF
    solid = Solid()
    solid.box([0.0, -deep / 2, 0.0], [1.56 * wide, deep, 2 * tall - 0.06], slot=0)
    solid.box([0.0, -deep / 2, 0.0], [2 * wide, 0.02, 2 * tall], slot=0)
    for number, rise in enumerate(LAMPS):
        radius = LAMP_RADIUS if sides > 4 else 1.25 * LAMP_RADIUS  # a square that is as large as the disc
        _disc(solid, [0.0, LAMP_FRONT, rise], radius, sides, slot=FIRST_LAMP + number)
        if folds:
            _visor(solid, rise, folds)
    if not folds:  # the box is the same at every level
        solid.box([0.0, deep / 2, LAMPS[0] + 0.13], [0.2, deep, 0.02], slot=0)
    return solid.mesh()


def _visor(solid: Solid, rise: float, folds: int) -> None:
    """The upper part of a tube over a lamp, seen from without and within."""
    angles = np.radians(np.linspace(-100.0, 100.0, folds + 1))
    radius = LAMP_RADIUS + 0.012
    near = np.stack([radius * np.sin(angles), np.zeros_like(angles), rise + radius * np.cos(angles)], 1)
    far = near + np.array([0.0, HEAD_HALF[1], 0.0])
    for a, b, c, d in zip(near[:-1], near[1:], far[1:], far[:-1], strict=True):
        solid.quad(a, b, c, d, slot=0)
        solid.quad(d, c, b, a, slot=0)


@cache
def _plate_meshes(kind: str, number: int) -> tuple[Mesh, ...]:
    fine, coarse = _plate(kind, number, 24), _plate(kind, number, 12)
    return fine, coarse, coarse


def _plate(kind: str, number: int, sides: int) -> Mesh:
    """A plate before its post: its back, its rim, its field and what is written on it."""
    turn = math.pi / 8 if kind == STOP else 0.0
    if kind == STOP:
        sides = 8
    elif kind == YIELD:
        sides, turn = 3, math.pi  # stands on its point
    solid, front, radius = Solid(), POST_RADIUS + 0.02, PLATE_RADIUS * (1.2 if kind == YIELD else 1.0)
    _disc(solid, [0.0, front, 0.0], radius, sides, turn, slot=1)
    _disc(solid, [0.0, front - 0.02, 0.0], radius, sides, turn, slot=0, back=True)
    inner = {STOP: 0.0, YIELD: 0.62, SPEED: 0.78}[kind]
    if inner:
        _disc(solid, [0.0, front + 0.006, 0.0], inner * radius, sides, turn, slot=2)
    words, slot = ("STOP", 2) if kind == STOP else (str(number) if number else "", 3)
    tall = {STOP: 0.62, SPEED: 0.78}.get(kind, 0.0) * PLATE_RADIUS
    for corners in strokes_of(words, tall, 1.5 * PLATE_RADIUS if kind == STOP else 1.12 * PLATE_RADIUS):
        points = np.column_stack([corners[:, 0], np.full(4, front + 0.012), corners[:, 1]])
        solid.quad(*points, slot=slot)
    return solid.mesh()


@cache
def _post_meshes(height: float, hangers: tuple[float, ...]) -> tuple[Mesh, ...]:
    meshes = []
    for sides in (10, 5):
        solid = Solid()
        solid.tube([0, 0, -BELOW], [0, 0, 0.9], (0.105, 0.1), slot=0, sides=sides)
        solid.tube([0, 0, 0.9], [0, 0, height], (POST_RADIUS, 0.05), slot=0, sides=sides)
        if hangers:
            arm = max(hangers) + 0.1
            solid.tube([0, 0, height - 0.06], [arm, 0, height - 0.06], (0.055, 0.04), slot=0, sides=sides)
        for along in hangers:
            low = height - 0.06 - HANGER - 0.03
            solid.tube([along, 0, low], [along, 0, height - 0.06], (0.03, 0.03), slot=0, sides=sides)
        meshes.append(solid.mesh())
    return tuple(meshes)


def _disc(
    solid: Solid,
    centre: ArrayLike,
    radius: float,
    sides: int,
    turn: float = 0.0,
    *,
    slot: int,
    back: bool = False,
) -> None:
    """Add a flat regular polygon that looks along +y, or along -y; its first corner is on top."""
    angles = turn + np.arange(sides) * 2 * np.pi / sides + (np.pi / 4 if sides == 4 else 0.0)
    rim = np.stack([np.sin(angles), np.zeros(sides), np.cos(angles)], 1) * radius
    points = np.concatenate([np.zeros((1, 3)), rim]) + np.asarray(centre, float)
    k = np.arange(sides)
    faces = np.stack([np.zeros(sides, int), 1 + k, 1 + (k + 1) % sides], 1)
    solid.add(points, faces[:, ::-1] if back else faces, slot=slot)
