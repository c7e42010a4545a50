"""OpenDRIVE's signals: where lights and signs stand, where they stop whom, and which take turns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from driving.server.roads import Lane, Road, wrapped
from driving.server.wire import Pose, Vector

LIGHT, STOP, YIELD, SPEED, UNKNOWN = (
    "traffic.traffic_light", "traffic.stop", "traffic.yield", "traffic.speed_limit.", "traffic.unknown"
)  # fmt: skip
_KINDS = {"1000001": LIGHT, "206": STOP, "205": YIELD}
_SPEED_LIMIT = "274"
_SPEED_OBJECT = re.compile(r"Speed_(\d+)")
STOP_LENGTH = 6.0  # m before the line in which a vehicle obeys: enough to stop from 30 km/h
STOP_WIDTH = 0.9  # of the lane's

Phases = tuple[tuple[str, ...], ...]  # signal ids that are green together, in their turns


@dataclass(frozen=True, slots=True)
class StopBox:
    """The part of a lane in which a signal counts."""

    centre: Vector  # m
    yaw: float  # degrees, along the traffic
    half: Vector  # m: along, across, up


@dataclass(frozen=True, slots=True)
class Signal:
    """One light or sign."""

    id: str  # in the map
    kind: str  # blueprint id of its actor
    pose: Pose  # of its actor, which CARLA turns by 90 degrees: x points across the road
    stops: tuple[StopBox, ...]


def read_signals(root: Element, roads: Mapping[str, Road]) -> tuple[Signal, ...]:
    """Every light and sign of a document; speed signs may be objects in it."""
    stops: dict[str, list[StopBox]] = {}
    for element in root.findall("road"):
        road = roads[element.get("id", "")]
        for reference in (*element.findall("signals/signalReference"), *element.findall("signals/signal")):
            stops.setdefault(reference.get("id", ""), []).extend(_stop_boxes(road, reference))
    found = []
    for element in root.findall("road"):
        road = roads[element.get("id", "")]
        for item in (*element.findall("signals/signal"), *element.findall("objects/object")):
            kind = _kind(item)
            if kind:
                number = item.get("id", "")
                boxes = tuple(dict.fromkeys(stops.get(number, ())))  # several turns leave one lane
                found.append(Signal(number, kind, _pose(road, item), boxes))
    return tuple(found)


def read_phases(root: Element, signals: tuple[Signal, ...]) -> tuple[Phases, ...]:
    """For each crossing its lights in their turns; a light that nothing controls takes turns alone."""
    lights = {signal.id for signal in signals if signal.kind == LIGHT}
    controlled = {
        item.get("id"): tuple(
            dict.fromkeys(
                name
                for name in (part.get("signalId", "") for part in item.findall("control"))
                if name in lights
            )
        )
        for item in root.findall("controller")
    }
    crossings = [
        [item.get("id") for item in sorted(junction.findall("controller"), key=_sequence)]
        for junction in root.findall("junction")
    ]
    grouped = {name for crossing in crossings for name in crossing}
    crossings += [[name] for name in controlled if name not in grouped]
    phases = [tuple(controlled[name] for name in crossing if controlled.get(name)) for crossing in crossings]
    led = {light for crossing in phases for phase in crossing for light in phase}
    alone = [((signal.id,),) for signal in signals if signal.kind == LIGHT and signal.id not in led]
    return (*(crossing for crossing in phases if crossing), *alone)


def trigger_box(signal: Signal) -> tuple[Vector, Vector]:
    """Centre and half sizes of the upright box around a signal's stop boxes, in its actor's frame, m."""
    (x, y, z), (_, yaw, _) = signal.pose
    corners = [corner for stop in signal.stops for corner in _corners(stop)]
    if not corners:
        return (0.0, 0.0, 0.0), (0.3, 0.3, 0.3)
    c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    own = np.array(corners) - (x, y, z)
    own = np.column_stack([own[:, 0] * c + own[:, 1] * s, own[:, 1] * c - own[:, 0] * s, own[:, 2]])
    low, high = own.min(axis=0), own.max(axis=0)
    return _rounded(tuple((low + high) / 2)), _rounded(tuple((high - low) / 2))


def _corners(stop: StopBox) -> Iterator[Vector]:
    x, y, z = stop.centre
    along, across, up = stop.half
    c, s = math.cos(math.radians(stop.yaw)), math.sin(math.radians(stop.yaw))
    for a in (-along, along):
        for b in (-across, across):
            for rise in (-up, up):
                yield x + a * c - b * s, y + a * s + b * c, z + rise


def _sequence(item: Element) -> float:
    return float(item.get("sequence") or 0)


def _kind(item: Element) -> str:
    """The blueprint id of what stands there; "" for an object that is no sign."""
    if item.tag == "object":
        match = _SPEED_OBJECT.fullmatch(item.get("name", ""))
        return SPEED + match.group(1) if match else ""
    if item.get("type") == _SPEED_LIMIT:
        return f"{SPEED}{float(item.get('value') or 0):.0f}"
    return _KINDS.get(item.get("type", ""), UNKNOWN)


def _pose(road: Road, item: Element) -> Pose:
    s, t = np.array([float(item.attrib["s"])]), np.array([float(item.attrib["t"])])
    x, y, z = road.points(s, t, float(item.get("zOffset") or 0.0))[0].tolist()
    turn = float(item.get("hOffset") or item.get("hdg") or 0.0)
    yaw = -math.degrees(float(road.line.sample(s)[2][0]) + turn) + 90.0
    return (x, y, z), (0.0, wrapped(yaw), 0.0)


def _stop_boxes(road: Road, reference: Element) -> Iterator[StopBox]:
    """Before the line on each of the driving lanes for which a signal is valid; none in a crossing."""
    at = min(max(float(reference.get("s", 0.0)), 0.0), road.length)
    section = road.section_at(at)
    valid = [
        range(int(part.get("fromLane", 0)), int(part.get("toLane", 0)) + 1)
        for part in reference.findall("validity")
    ]
    for lane in (*section.left, *section.right):
        if lane.kind == "driving" and any(lane.id in lanes for lanes in valid):
            yield _stop_box(road, lane, at)


def _stop_box(road: Road, lane: Lane, at: float) -> StopBox:
    with_s = (lane.id < 0) == road.keeps_right
    if road.in_junction:
        at = 0.0 if with_s else road.length
    section = road.section_at(at)
    s = np.array([at])
    middle, width = 0.0, 3.5
    for other, inner, outer in road.edges(section, s):
        if other.id == lane.id:
            middle, width = float((inner + outer)[0] / 2), float(abs(outer - inner)[0])
    x, y, z = road.points(s, np.array([middle]))[0].tolist()
    yaw = -float(road.line.sample(s)[2][0]) + (0.0 if with_s else math.pi)
    back = STOP_LENGTH / 2
    centre = (x - back * math.cos(yaw), y - back * math.sin(yaw), z)
    degrees = round(wrapped(math.degrees(yaw)), 3)
    return StopBox(_rounded(centre), degrees, (back, STOP_WIDTH * width / 2, 1.5))


def _rounded(point: Sequence[float]) -> Vector:
    x, y, z = point
    return round(float(x), 3), round(float(y), 3), round(float(z), 3)
