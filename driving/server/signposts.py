"""Where a map's traffic lights and signs stand: their posts beside the lanes, heads and plates above."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driving.server.maps import LaneStrip, RoadMap
from driving.server.render import signage
from driving.server.render.plan import from_lines
from driving.server.render.signage import BEHIND, HANGER, HEAD_HALF, Post, Sign, Signage
from driving.server.roads import wrapped
from driving.server.signals import LIGHT, SPEED, STOP, YIELD, Signal
from driving.server.walkways import walkways

HEAD_HEIGHT, OVER_LANES = 4.3, 5.3  # m above the ground, the middle of a head; of one that hangs over lanes
PLATE_HEIGHT, LOWEST_PLATE = 2.3, 1.5  # m, likewise of a plate; a map that says less means its foot
CLEAR = 0.6  # m between a post and a lane for vehicles
ASIDE = 0.4  # m between a post and where walkers walk, which is 1.1 m from the kerb: there is room between
NEARBY, FARTHEST = 1.5, 16.0  # m that a sign moves with its post, and that an arm may reach
REACH = FARTHEST + CLEAR  # m around a signal that are looked at
TOGETHER = 0.5  # m; what is nearer stands on one post
ALONG_ARM, BELOW = 0.6, 0.85  # m between two heads, and two plates, on one post
ASKEW = 60.0  # degrees that a light may be turned from the traffic that it stops
SIGHT = (5.0, 15.0, 30.0)  # m before a line from where drivers must see their light
_QUIET = ("sidewalk", "shoulder", "median", "border", "restricted", "curb")  # lanes where no vehicle drives
_PLATES = {STOP: signage.STOP, YIELD: signage.YIELD}

Height = Callable[[float, float], float]
Points = NDArray[np.float64]


def signage_of(road_map: RoadMap, height: Height) -> Signage:
    """Posts, heads and plates of all lights, speed limits, stop and yield signs; the same at every call.

    A post stands beside the lanes: what the map puts on one or too near to it moves a little with its post,
    or hangs over the lane from an arm. A sign on a lane is a painted one, and has neither.

    Args:
        road_map: The map.
        height: Of the ground below a point, m.
    """
    shown = _shown(road_map.signals)
    if not shown:
        return Signage()
    land = _Land(road_map, np.array([one.signal.pose[0][:2] for one in shown]))
    signs: list[Sign] = []
    posts: list[Post] = []
    for group in _groups(shown):
        place = np.array(group[0].signal.pose[0][:2])
        foot = land.foot(place)
        if foot is None:  # there is no room, or no lane that it could be for
            continue
        lights = [one for one in group if one.kind == signage.LIGHT]
        plates = [one for one in group if one.kind != signage.LIGHT]
        moved = float(np.linalg.norm(foot - place)) <= NEARBY
        if lights:
            heads, post = _heads(lights, foot, foot if moved else place, height)
            signs += heads
            posts.append(post)
        if plates and moved:
            found, own = _plates(plates, foot, height, bare=not lights)
            signs += found
            posts += [own] if own else []
    return Signage(tuple(signs), tuple(posts))


@dataclass(frozen=True, slots=True)
class _Shown:
    """A signal that is drawn."""

    signal: Signal
    kind: str
    number: int
    yaw: float  # degrees


def _shown(signals: Sequence[Signal]) -> list[_Shown]:
    found, lights = [], set()
    for signal in signals:
        kind, number = _PLATES.get(signal.kind, ""), 0
        if signal.kind == LIGHT and signal.id not in lights:  # a map may say it twice
            kind = signage.LIGHT
            lights.add(signal.id)
        elif signal.kind.startswith(SPEED):
            kind, number = signage.SPEED, _number(signal.kind.removeprefix(SPEED))
        if kind and np.isfinite([*signal.pose[0], *signal.pose[1]]).all():
            found.append(_Shown(signal, kind, number, _yaw(signal)))
    return found


def _number(text: str) -> int:
    """What a speed limit's plate says; 0: nothing."""
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def _yaw(signal: Signal) -> float:
    """A signal's own yaw; where that turns it away from the traffic that it stops, the traffic's."""
    own = signal.pose[1][1]
    if not signal.stops:
        return own
    ways = np.radians([stop.yaw + 90.0 for stop in signal.stops])
    x, y = float(np.cos(ways).sum()), float(np.sin(ways).sum())
    if math.hypot(x, y) < 0.5 * len(ways):  # it stops both directions
        return own
    wanted = math.degrees(math.atan2(y, x))
    return own if abs(wrapped(own - wanted)) <= ASKEW else wanted


def _groups(shown: Sequence[_Shown]) -> list[list[_Shown]]:
    """Those that stand together."""
    groups: list[list[_Shown]] = []
    for one in shown:
        for group in groups:
            if math.dist(group[0].signal.pose[0][:2], one.signal.pose[0][:2]) < TOGETHER:
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def _heads(lights: Sequence[_Shown], foot: Points, place: Points, height: Height) -> tuple[list[Sign], Post]:
    """Heads on top of a post, or in a row below its arm."""
    ground = height(*foot.tolist())
    reach = float(np.linalg.norm(place - foot))
    if reach == 0.0 and len(lights) == 1:
        middle = ground + HEAD_HEIGHT
        head = _sign(lights[0], (*foot.tolist(), middle), forward=BEHIND)
        return [head], Post((*foot.tolist(), ground), HEAD_HEIGHT - HEAD_HALF[2] + 0.1)
    across = math.radians(lights[0].yaw)
    way = (place - foot) / reach if reach else np.array([math.cos(across), math.sin(across)])
    hangers = tuple((reach or ALONG_ARM) + ALONG_ARM * number for number in range(len(lights)))
    rise = OVER_LANES if reach else HEAD_HEIGHT
    heads = [
        _sign(one, (*(foot + way * along).tolist(), ground + rise), forward=BEHIND)
        for one, along in zip(lights, hangers, strict=True)
    ]
    arm = math.degrees(math.atan2(way[1], way[0]))
    return heads, Post((*foot.tolist(), ground), rise + HEAD_HALF[2] + HANGER + 0.06, arm, hangers)


def _plates(
    plates: Sequence[_Shown], foot: Points, height: Height, *, bare: bool
) -> tuple[list[Sign], Post | None]:
    """Plates below each other, those that say the same once; and their post, if there is none yet."""
    ground = height(*foot.tolist())
    told = plates[0].signal.pose[0][2] - ground
    top = told if told > LOWEST_PLATE else PLATE_HEIGHT
    signs: list[Sign] = []
    taken: list[tuple[str, int, float]] = []
    for one in plates:
        level = [other for other in taken if abs(wrapped(other[2] - one.yaw)) < ASKEW]
        if any((one.kind, one.number) == other[:2] for other in level):
            continue
        taken.append((one.kind, one.number, one.yaw))
        signs.append(_sign(one, (*foot.tolist(), ground + top - BELOW * len(level)), forward=0.0))
    return signs, Post((*foot.tolist(), ground), top + 0.3) if bare else None


def _sign(one: _Shown, place: tuple[float, float, float], *, forward: float) -> Sign:
    """A head or a plate at a place of its post's axis, or some metres before it."""
    x, y, z = place
    turn = math.radians(one.yaw + 90.0)
    spots = []
    for stop in one.signal.stops if one.kind == signage.LIGHT else ():
        yaw = math.radians(stop.yaw)
        spots += [
            (stop.centre[0] - far * math.cos(yaw), stop.centre[1] - far * math.sin(yaw)) for far in SIGHT
        ]
    at = (x + forward * math.cos(turn), y + forward * math.sin(turn), z)
    return Sign(one.kind, one.number, one.signal.id, at, one.yaw, tuple(spots))


class _Land:
    """Where posts may stand: beside the lanes for vehicles, and out of the walkers' way if possible."""

    def __init__(self, road_map: RoadMap, places: Points) -> None:
        near = [strip for strip in road_map.strips if _is_near(strip, places)]
        self._lanes = _Quads([_quads(strip) for strip in near if strip.kind not in _QUIET])
        mesh = walkways(replace(road_map, strips=tuple(near)))
        self._walks = _Quads([_fan(mesh.vertices[list(polygon), :2]) for polygon in mesh.polygons])

    def foot(self, place: Points) -> Points | None:
        """The nearest good place for a post; None if there is none."""
        lanes, walks = self._lanes.around(place, REACH), self._walks.around(place, REACH)
        if not len(lanes):
            return None
        for strict in (True, False):
            for ring in _rings(place, NEARBY if strict else FARTHEST):
                room = _room(lanes, ring)
                good = (room >= CLEAR) & ((_room(walks, ring) >= ASIDE) if strict else True)
                if good.any():
                    return np.asarray(ring[np.argmax(np.where(good, room, -np.inf))])
        return None


def _rings(place: Points, farthest: float) -> Iterator[Points]:
    """Places around a place, the nearest first; (n, 2) at a time."""
    yield place[None]
    radius = 0.05
    while radius <= farthest:
        angles = np.linspace(0.0, 2 * np.pi, 32, endpoint=False)
        yield place + radius * np.column_stack([np.cos(angles), np.sin(angles)])
        radius += 0.05 if radius < NEARBY else 0.25


def _room(quads: Points, points: Points) -> Points:
    """How far points (n, 2) are from convex polygons (q, 4, 2), m; negative inside; (n,)."""
    if not len(quads):
        return np.full(len(points), np.inf)
    places, ends = points[:, None, None], np.roll(quads, -1, axis=1)
    gap = from_lines(places, quads, ends).min(axis=(1, 2))
    way, apart = ends - quads, places - quads
    side = way[..., 0] * apart[..., 1] - way[..., 1] * apart[..., 0]
    within = np.all(side >= 0.0, axis=2) | np.all(side <= 0.0, axis=2)
    return np.where(np.any(within, axis=1), -gap, gap)


class _Quads:
    """Convex polygons (n, 4, 2), and which of them are near a place."""

    def __init__(self, parts: list[Points]) -> None:
        self._quads = np.concatenate(parts or [np.zeros((0, 4, 2))])
        self._low, self._high = self._quads.min(axis=1), self._quads.max(axis=1)

    def around(self, place: Points, reach: float) -> Points:
        near = (self._low < place + reach).all(axis=1) & (self._high > place - reach).all(axis=1)
        return self._quads[near]


def _is_near(strip: LaneStrip, places: Points) -> bool:
    """Whether a lane may matter for any of the places (n, 2)."""
    edges = np.concatenate([strip.left[:, :2], strip.right[:, :2]])
    low, high = edges.min(axis=0) - REACH, edges.max(axis=0) + REACH
    return bool(((places > low) & (places < high)).all(axis=1).any())


def _quads(strip: LaneStrip) -> Points:
    left, right = strip.left[:, :2], strip.right[:, :2]
    return np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1)


def _fan(polygon: Points) -> Points:
    """A convex polygon as triangles, each with its last corner twice."""
    return np.array([polygon[[0, k, k + 1, k + 1]] for k in range(1, len(polygon) - 1)]).reshape(-1, 4, 2)
