"""The video wall: the same episodes of every driver side by side, the worst first."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from a2d.evaluation import Record, is_hit
from a2d.hazards import HAZARDS
from a2d.report.drivers import Driver
from a2d.report.endings import ending_text
from a2d.report.worst import badness

SHOWN = 8  # episodes

Load = Callable[[Path], bytes]
"""A video file as it goes into the page."""


@dataclass(frozen=True, slots=True)
class Film:
    """One driver's video of an episode, with how it ended."""

    name: str
    colour: str
    source: str  # data URI
    ending: str
    verdict: str  # good, poor or bad
    path: str  # the file
    ended: float  # s, when the episode did
    still: float | None  # s, what it shows until it is played; None for its end


@dataclass(frozen=True, slots=True)
class Strip:
    """The same episode, once per driver."""

    title: str
    seed: int
    films: tuple[Film, ...]


def video_seeds(drivers: Sequence[Driver]) -> list[int]:
    """Choose which episodes to show: of those recorded for every driver, the worst first.

    How bad one is says the driver that did worst in it. One that ended well for all comes last, but the
    first without a hazard always has a place: what caution costs is seen there.
    """
    runs = [driver.filmed for driver in drivers]
    shared = set.intersection(*(set(run.videos) for run in runs))

    def worst(seed: int) -> tuple[int, float, int]:
        return min(badness(run.videos[seed].record) for run in runs)

    ordered = sorted(shared, key=worst)
    calm = [seed for seed in ordered if not runs[0].videos[seed].record.get("hazard")]
    if len(ordered) > SHOWN and calm and not set(calm) & set(ordered[:SHOWN]):
        return [*ordered[: SHOWN - 1], calm[0]]
    return ordered[:SHOWN]


def strips_of(drivers: Sequence[Driver], colours: Sequence[str], *, load: Load) -> list[Strip]:
    """Gather the films of the chosen episodes.

    Args:
        drivers: In the order in which they stand side by side.
        colours: One per driver.
        load: Reads a video file; may make it smaller.
    """
    return [
        Strip(
            _title(drivers[0].filmed.videos[seed].record, drivers[0].summary.hazard),
            seed,
            tuple(_film(driver, seed, colour, load) for driver, colour in zip(drivers, colours, strict=True)),
        )
        for seed in video_seeds(drivers)
    ]


def one_of_each(strips: Sequence[Strip]) -> list[Strip]:
    """The first strip of each title, such as one with a child and one without."""
    found: dict[str, Strip] = {}
    for strip in strips:
        found.setdefault(strip.title, strip)
    return list(found.values())


def _title(record: Record, kind: str | None) -> str:
    hazard = HAZARDS.get(kind or "")
    return "Episode" if hazard is None else hazard.there if record.get("hazard") else hazard.absent


def _film(driver: Driver, seed: int, colour: str, load: Load) -> Film:
    run = driver.filmed
    video = run.videos[seed]
    ending, verdict = ending_text(video.record)
    # Inside the page, so that the report still plays after it was mailed or moved.
    source = "data:video/mp4;base64," + base64.b64encode(load(video.path)).decode("ascii")
    name = driver.name if len(driver.runs) == 1 else run.name
    ended = video.record.get("duration") or 0.0
    return Film(name, colour, source, ending, verdict, str(video.path), ended, _still(video.record))


def _still(record: Record) -> float | None:
    """When to look: where somebody was hit at the end; else when a child in the way was nearest."""
    return None if is_hit(record) else record.get("nearest_at")
