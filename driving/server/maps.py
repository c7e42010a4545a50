"""OpenDRIVE documents as lane strips, road markings and spawn points, in CARLA's frame.

OpenDRIVE is right-handed and CARLA left-handed: y_carla = -y, yaw_carla = -heading.
"""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from driving.server.crosswalks import read_crosswalks
from driving.server.errors import MapError
from driving.server.map_notes import map_notes
from driving.server.roads import Lane, Points, Road, Section, wrapped
from driving.server.signals import Phases, Signal, read_phases, read_signals
from driving.server.wire import Pose, Vector

KERB = 0.12  # m, how far pavements stand above the road
SPAWN_SPACING = 20.0  # m
SPAWN_MARGIN = 5.0  # m kept from a road's ends
SPAWN_HEIGHT = 0.3  # m above the road
DASH, GAP = 3.0, 4.5  # m, of broken markings
DEFAULT_SPEED_LIMIT = 30.0  # km/h
MOST_AREA, MOST_SIDE = 120.0, 40.0  # km2, km: of a map, for whose ground there is memory
DEFAULT_LATITUDE, DEFAULT_LONGITUDE = 42.0, 2.0  # what the client assumes without a geoReference
_RAISED = ("sidewalk",)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LaneStrip:
    """A stretch of one lane between its two edges."""

    kind: str  # OpenDRIVE lane type
    left: Points  # (n, 3)
    right: Points  # (n, 3)


@dataclass(frozen=True, slots=True)
class RoadMark:
    """One painted line."""

    points: Points  # (n, 3)
    width: float  # m
    colour: str  # white | yellow
    dash: float  # m; dash = gap = 0: solid
    gap: float  # m


@dataclass(frozen=True, slots=True)
class RoadMap:
    """A map as the server needs it."""

    name: str
    xodr: str
    strips: tuple[LaneStrip, ...]
    marks: tuple[RoadMark, ...]
    spawn_points: tuple[Pose, ...]
    speed_limit: float  # km/h, the commonest of its roads
    origin: tuple[float, float]  # latitude, longitude of (0, 0); degrees
    signals: tuple[Signal, ...] = ()
    phases: tuple[Phases, ...] = ()  # of each crossing's lights
    crosswalks: tuple[Points, ...] = ()  # (n, 3) corners of each


def read_map(name: str, xodr: str) -> RoadMap:
    """Read an OpenDRIVE document.

    Raises:
        MapError: It is none, or has no road.
    """
    try:
        root = ElementTree.fromstring(xodr)
    except ElementTree.ParseError as error:
        raise MapError(f"map '{name}' is not an OpenDRIVE document: {error}") from error
    strips: list[LaneStrip] = []
    marks: list[RoadMark] = []
    spawn_points: list[Pose] = []
    try:
        roads = [Road(element) for element in root.findall("road")]
        for road in roads:
            for section in road.sections:
                strips += _strips(road, section)
                marks += _marks(road, section)
                spawn_points += _spawn_points(road, section)
        by_id = {road.id: road for road in roads}
        signals, crosswalks = read_signals(root, by_id), read_crosswalks(root, by_id)
        limits = Counter(road.speed_limit for road in roads if road.speed_limit)
        notes, phases = tuple(map_notes(root)), read_phases(root, signals)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise MapError(f"map '{name}' cannot be read: {error!r}") from error
    for note in notes:
        log.warning("map '%s': %s", name, note)
    if not strips:
        raise MapError(f"map '{name}' has no lanes")
    _refuse_impossible(name, strips)
    limit = limits.most_common(1)[0][0] if limits else DEFAULT_SPEED_LIMIT
    return RoadMap(
        name,
        xodr,
        tuple(strips),
        tuple(marks),
        tuple(spawn_points),
        limit,
        _origin(root),
        signals,
        phases,
        crosswalks,
    )


def edge_points(strips: Sequence[LaneStrip]) -> Points:
    """All points of the strips' edges, (n, 3)."""
    return np.concatenate([edge for strip in strips for edge in (strip.left, strip.right)])


def _refuse_impossible(name: str, strips: Sequence[LaneStrip]) -> None:
    """Refuse a map that is nowhere, or so large that its ground would take all memory."""
    points = edge_points(strips)
    if not np.isfinite(points).all():
        raise MapError(f"map '{name}' cannot be read: some of its coordinates are no numbers")
    width, height = np.ptp(points[:, :2], axis=0) / 1000.0
    if width * height > MOST_AREA or max(width, height) > MOST_SIDE:
        raise MapError(
            f"map '{name}' is {width:.0f} x {height:.0f} km; this server has ground for {MOST_AREA:.0f} km2 "
            f"and {MOST_SIDE:.0f} km a side"
        )


def _strips(road: Road, section: Section) -> Iterator[LaneStrip]:
    s = road.stations(section)
    for lane, inner, outer in road.edges(section, s):
        if lane.kind == "none" or np.abs(outer - inner).max() < 0.01:
            continue
        raised = KERB if lane.kind in _RAISED else 0.0
        left, right = (outer, inner) if lane.id > 0 else (inner, outer)
        yield LaneStrip(lane.kind, road.points(s, left, raised), road.points(s, right, raised))


def _marks(road: Road, section: Section) -> Iterator[RoadMark]:
    if road.in_junction:
        return
    stations = road.stations(section)
    for lane in section.centre:
        yield from _lines(road, section, lane, stations, road.offset(stations))
    for lane, _, outer in road.edges(section, stations):
        yield from _lines(road, section, lane, stations, outer)


def _lines(
    road: Road, section: Section, lane: Lane, s: NDArray[np.float64], t: NDArray[np.float64]
) -> Iterator[RoadMark]:
    if not lane.marks:
        return
    starts = [section.start + float(mark.get("sOffset", 0)) for mark in lane.marks]
    for mark, start, end in zip(lane.marks, starts, [*starts[1:], section.end], strict=True):
        kind = mark.get("type", "none")
        if kind not in _LINE_OFFSETS or end - start < 0.1:
            continue
        inside = np.concatenate([[start], s[(s > start) & (s < end)], [end]])
        middle = np.interp(inside, s, t)
        width = float(mark.get("width", 0.12)) or 0.12
        colour = "yellow" if mark.get("color") == "yellow" else "white"
        for side, dashed in _LINE_OFFSETS[kind]:
            dash, gap = (DASH, GAP) if dashed else (0.0, 0.0)
            yield RoadMark(road.points(inside, middle + side * width), width, colour, dash, gap)


_LINE_OFFSETS = {  # road mark type -> (offset to the left in line widths, whether dashed)
    "solid": ((0.0, False),),
    "broken": ((0.0, True),),
    "solid solid": ((1.0, False), (-1.0, False)),
    "broken broken": ((1.0, True), (-1.0, True)),
    "solid broken": ((1.0, False), (-1.0, True)),
    "broken solid": ((1.0, True), (-1.0, False)),
}


def _spawn_points(road: Road, section: Section) -> Iterator[Pose]:
    start, end = max(section.start, SPAWN_MARGIN), min(section.end, road.length - SPAWN_MARGIN)
    if road.in_junction or end <= start:
        return
    s = np.arange(start + 0.25 * SPAWN_SPACING, end, SPAWN_SPACING)
    for lane, inner, outer in road.edges(section, s):
        if lane.kind != "driving" or not s.size:
            continue
        heading = road.line.sample(s)[2]
        backwards = (lane.id > 0) == road.keeps_right
        yaws = -np.degrees(heading) + (180.0 if backwards else 0.0)
        places = road.points(s, (inner + outer) / 2, SPAWN_HEIGHT)
        for place, yaw in zip(places, yaws, strict=True):
            location: Vector = (float(place[0]), float(place[1]), float(place[2]))
            yield location, (0.0, float(wrapped(yaw)), 0.0)


def _origin(root: Element) -> tuple[float, float]:
    text = root.findtext("header/geoReference") or ""
    found = dict(part.removeprefix("+").split("=", 1) for part in text.split() if "=" in part)
    try:
        return float(found.get("lat_0", DEFAULT_LATITUDE)), float(found.get("lon_0", DEFAULT_LONGITUDE))
    except ValueError:
        return DEFAULT_LATITUDE, DEFAULT_LONGITUDE
