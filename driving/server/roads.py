"""OpenDRIVE's roads: where each runs, its sections, and the edges of their lanes, in CARLA's frame.

OpenDRIVE is right-handed and CARLA left-handed: y_carla = -y, yaw_carla = -heading.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from driving.server.reference_line import Cubics, ReferenceLine

_SPEED_UNITS = {"mph": 1.609344, "km/h": 1.0, "m/s": 3.6}

Points = NDArray[np.float64]  # (n, 3)


class Lane:
    """One lane of one section: its id, type, widths and markings."""

    def __init__(self, element: Element) -> None:
        self.id = int(element.attrib["id"])
        self.kind = element.attrib.get("type", "none")
        self.width = Cubics([_cubic(item, "sOffset") for item in element.findall("width")])
        borders = [] if element.find("width") is not None else element.findall("border")
        self.border = Cubics([_cubic(item, "sOffset") for item in borders]) if borders else None
        self.marks = sorted(element.findall("roadMark"), key=lambda item: float(item.get("sOffset", 0)))

    @property
    def shape(self) -> Cubics:
        """What its outer edge follows."""
        return self.width if self.border is None else self.border


class Section:
    """One lane section: stations at which it is sampled, and its lanes' edges there."""

    def __init__(self, element: Element, start: float, end: float) -> None:
        self.start, self.end = start, end
        self.left, self.centre, self.right = (
            sorted((Lane(lane) for lane in element.findall(f"{side}/lane")), key=lambda lane: abs(lane.id))
            for side in ("left", "center", "right")
        )


class Road:
    """One road: where it runs and what its sections are."""

    def __init__(self, element: Element) -> None:
        self.id = element.get("id", "")
        self.length = float(element.attrib["length"])
        self.in_junction = element.get("junction", "-1") != "-1"
        self.keeps_right = element.get("rule", "RHT") != "LHT"
        self.line = ReferenceLine(element.findall("planView/geometry"))
        self.elevation = Cubics([_cubic(item, "s") for item in element.findall("elevationProfile/elevation")])
        self.offset = Cubics([_cubic(item, "s") for item in element.findall("lanes/laneOffset")])
        self.speed_limit = _speed_limit(element)
        found = sorted(element.findall("lanes/laneSection"), key=lambda item: float(item.attrib["s"]))
        starts = [float(item.attrib["s"]) for item in found]
        ends = [*starts[1:], self.length]
        self.sections = [Section(*item) for item in zip(found, starts, ends, strict=True)]

    def section_at(self, s: float) -> Section:
        """The section in which a station lies; the first one before the road's begin."""
        return next(part for part in reversed(self.sections) if part.start <= s or part is self.sections[0])

    def stations(self, section: Section) -> NDArray[np.float64]:
        """Where along the road a section is sampled so that straight pieces between are true."""
        breaks = [self.elevation.starts, self.offset.starts]
        breaks += [section.start + lane.shape.starts for lane in (*section.left, *section.right)]
        plain = all(curve.constant for curve in (self.elevation, self.offset)) and all(
            lane.shape.constant for lane in (*section.left, *section.right)
        )
        return self.line.stations(section.start, section.end, np.concatenate(breaks), plain=plain)

    def points(self, s: NDArray[np.float64], t: NDArray[np.float64], raised: float = 0.0) -> Points:
        """Points beside the reference line, t to the left, in CARLA's frame."""
        x, y, heading = self.line.sample(s)
        z = self.elevation(s) + raised
        return np.column_stack([x - t * np.sin(heading), -(y + t * np.cos(heading)), z])

    def edges(
        self, section: Section, s: NDArray[np.float64]
    ) -> Iterator[tuple[Lane, NDArray[np.float64], NDArray[np.float64]]]:
        """Each lane with its inner and outer edge's t at stations s."""
        for side, lanes in ((1.0, section.left), (-1.0, section.right)):
            inner = self.offset(s)
            for lane in lanes:
                if lane.border is not None:  # its outer edge is given instead of its width
                    outer = self.offset(s) + lane.border(s - section.start)
                else:
                    outer = inner + side * np.maximum(lane.width(s - section.start), 0.0)
                yield lane, inner, outer
                inner = outer


def wrapped(degrees: float) -> float:
    """The same direction in [-180, 180)."""
    return (degrees + 180.0) % 360.0 - 180.0


def _cubic(item: Element, start: str) -> tuple[float, ...]:
    return tuple(float(item.get(name, 0.0)) for name in (start, "a", "b", "c", "d"))


def _speed_limit(road: Element) -> float:
    speed = road.find("type/speed")
    if speed is None:
        return 0.0
    try:
        return round(float(speed.get("max", 0.0)) * _SPEED_UNITS.get(speed.get("unit", "m/s"), 3.6), 1)
    except ValueError:  # "no limit", "undefined"
        return 0.0
