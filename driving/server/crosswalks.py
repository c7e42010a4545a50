"""OpenDRIVE's crosswalks: their outlines in CARLA's frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

import numpy as np

from driving.server.roads import Points, Road


def read_crosswalks(root: Element, roads: Mapping[str, Road]) -> tuple[Points, ...]:
    """The corners of every crosswalk that has an area; each (n, 3), m."""
    found = []
    for element in root.findall("road"):
        for item in element.findall("objects/object"):
            if item.get("type") == "crosswalk":
                corners = np.array(list(_corners(roads[element.get("id", "")], item)))
                if len(corners) >= 3:
                    found.append(corners)
    return tuple(found)


def _corners(road: Road, item: Element) -> Iterator[list[float]]:
    outline = item.find("outline") if item.find("outline") is not None else item.find("outlines/outline")
    places = [] if outline is None else list(outline)
    for place in places:
        if place.tag == "cornerRoad":
            s, t = np.array([float(place.attrib["s"])]), np.array([float(place.attrib["t"])])
            yield road.points(s, t)[0].tolist()
        elif place.tag == "cornerLocal":
            yield _local(road, item, float(place.attrib["u"]), float(place.attrib["v"]))
    if not places:
        half_length, half_width = float(item.get("length", 0)) / 2, float(item.get("width", 0)) / 2
        if half_length > 0.0 and half_width > 0.0:
            for u, v in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
                yield _local(road, item, u * half_length, v * half_width)


def _local(road: Road, item: Element, u: float, v: float) -> list[float]:
    """A point given in an object's own frame, u ahead and v to the left."""
    s, t = np.array([float(item.attrib["s"])]), np.array([float(item.attrib["t"])])
    x, y, z = road.points(s, t)[0].tolist()
    heading = float(road.line.sample(s)[2][0]) + float(item.get("hdg", 0.0))
    ahead, left = u * math.cos(heading) - v * math.sin(heading), u * math.sin(heading) + v * math.cos(heading)
    return [x + ahead, y - left, z]
