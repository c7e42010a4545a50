"""A recording in words: how long it is, who collided, who stood still; laid out as CARLA's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driving.server.errors import WorldError
from driving.server.recording_file import Frame, read

CENTIMETRE = 0.01  # m: clients give distances in cm
ANY = "a"
SCENERY = 0  # the id that a collision has for a house, tree or lamp


class Counted:
    """Frames as they are read, how many there were and when the last one was."""

    def __init__(self, frames: Iterator[Frame]) -> None:
        self._frames = frames
        self.count, self.time = 0, 0.0

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            self.count, self.time = self.count + 1, frame.time
            yield frame

    def closing(self) -> list[str]:
        """The last lines of every report."""
        return [f"Frames: {self.count}", f"Duration: {self.time:g} seconds", ""]


@dataclass(slots=True)
class _Still:
    """Since when and where an actor has not moved far."""

    since: float
    x: float
    y: float


@dataclass(slots=True)
class Cast:
    """Who takes part in a recording."""

    blueprint: dict[int, str] = field(default_factory=lambda: {SCENERY: "static"})
    hero: set[int] = field(default_factory=set)

    def meet(self, frame: Frame) -> None:
        for actor_id, blueprint, values, *_ in frame.created:
            self.blueprint[actor_id] = blueprint
            if values.get("role_name") == "hero":
                self.hero.add(actor_id)

    def sort(self, actor_id: int) -> str:
        """CARLA's letter: hero, vehicle, walker, traffic light, other."""
        if actor_id in self.hero:
            return "h"
        family = self.blueprint.get(actor_id, "").split(".")[0]
        return {"vehicle": "v", "walker": "w", "traffic": "t"}.get(family, "o")

    def is_a(self, actor_id: int, wanted: str) -> bool:
        """Whether an actor is of a sort that somebody asks for; heroes are vehicles, too."""
        sort = self.sort(actor_id)
        return wanted in (ANY, sort) or (wanted == "v" and sort == "h")

    def line(self, one: int, other: int) -> str:
        """Two actors' sorts, ids and blueprints."""
        names = self.blueprint.get(one, ""), self.blueprint.get(other, "")
        return f"{self.sort(one)} {self.sort(other)}   {one:6} {names[0]:35} {other:6} {names[1]}"


def duration_of(path: Path) -> float:
    """Seconds that a recording lasts.

    Raises:
        WorldError: It cannot be read.
    """
    return max((frame.time for frame in read(path)[1]), default=0.0)


def opened(path: Path) -> tuple[list[str], Counted]:
    """A report's first lines, and the recording's frames.

    Raises:
        WorldError: It cannot be read.
    """
    head, frames = read(path)
    return ["Version: 1", f"Map: {head.map}", f"Date: {head.date}", ""], Counted(frames)


def collisions(path: Path, first: str, second: str) -> str:
    """Who touched whom, of two sorts of actor: h, v, w, t, o, or a for any."""
    opening, frames = opened(path)
    lines = [*opening, f"{'Time':>8}  Types {'Id':>6} {'Actor 1':35} {'Id':>6} Actor 2"]
    cast = Cast()
    touching: set[tuple[int, int]] = set()
    for frame in frames:
        cast.meet(frame)
        pairs = {(int(one), int(other)) for one, other, *_ in frame.collisions}
        for pair in sorted(pairs - touching):
            for one, other in (pair, pair[::-1]):
                if cast.is_a(one, first) and cast.is_a(other, second):
                    lines.append(f"{frame.time:8.0f}  {cast.line(one, other)}")
                    break
        touching = pairs
    return "\n".join([*lines, "", *frames.closing()])


def blocked(path: Path, least_time: float, least_distance: float) -> str:
    """Which vehicles and walkers moved less than a distance (cm) for at least a time (s), longest first."""
    opening, frames = opened(path)
    cast = Cast()
    still: dict[int, _Still] = {}
    stops: list[tuple[float, float, int]] = []  # duration, since, id
    for frame in frames:
        time = frame.time
        cast.meet(frame)
        for actor_id, motion in zip(frame.ids.tolist(), frame.motion.tolist(), strict=True):
            if cast.sort(actor_id) not in "hvw":
                continue
            was = still.setdefault(actor_id, _Still(time, motion[0], motion[1]))
            if max(abs(motion[0] - was.x), abs(motion[1] - was.y)) > least_distance * CENTIMETRE:
                stops.append((time - was.since, was.since, actor_id))
                still[actor_id] = _Still(time, motion[0], motion[1])
        for gone in frame.destroyed:
            if gone in still:
                was = still.pop(gone)
                stops.append((time - was.since, was.since, gone))
    stops += [(frames.time - was.since, was.since, actor_id) for actor_id, was in still.items()]
    lines = [*opening, f"{'Time':>8} {'Id':>6} {'Actor':35} {'Duration':>10}"]
    for length, since, actor_id in sorted(stops, reverse=True):
        if length >= least_time:
            lines.append(f"{since:8.0f} {actor_id:6} {cast.blueprint.get(actor_id, ''):35} {length:10.0f}")
    return "\n".join([*lines, "", *frames.closing()])


def text_or_reason(report: Any) -> str:
    """A report's text, or why there is none: CARLA answers both as text."""
    try:
        return str(report())
    except WorldError as error:
        return f"{error}\n"
