"""What a user should be told of an OpenDRIVE document: what is ignored, and what the client cannot bear."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

_LEANING = ("superelevation", "crossfall", "shape")  # of a road's lateralProfile
_SHOWN = 5  # road ids in a note


def map_notes(root: Element) -> Iterator[str]:
    """One sentence for each thing."""
    roads = root.findall("road")
    leaning = [road.get("id", "") for road in roads if _leans(road)]
    if leaning:
        yield f"roads lie level across; ignored superelevation of {_named(leaning)}"
    both = [road.get("id", "") for road in roads if road.get("junction", "-1") != "-1" and _two_way(road)]
    if both:
        yield (
            f"carla's TrafficManager may crash on {_named(both)}: inside a junction it has driving lanes "
            "both ways; give each way a road of its own"
        )


def _leans(road: Element) -> bool:
    return any(
        abs(float(item.get(term) or 0.0)) > 0.0
        for kind in _LEANING
        for item in road.findall(f"lateralProfile/{kind}")
        for term in "abcd"
    )


def _two_way(road: Element) -> bool:
    return all(
        any(lane.get("type") == "driving" for lane in road.findall(f"lanes/laneSection/{side}/lane"))
        for side in ("left", "right")
    )


def _named(roads: list[str]) -> str:
    more = f" and {len(roads) - _SHOWN} more" if len(roads) > _SHOWN else ""
    return f"road {', '.join(roads[:_SHOWN])}{more}"
