"""The desk at which calls are answered: what they work on, and the answers that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driving.server.ray_scene import RayScene
from driving.server.wire import VOID, value
from driving.server.world import World

RECORDINGS = Path.home() / ".cache" / "driving" / "recordings"

Call = Callable[..., Any]  # (desk, *arguments) -> envelope
Calls = Mapping[str, Call]  # by RPC name


@dataclass(slots=True)
class Desk:
    """What calls work on: the world, where its streams are, what rays meet, TrafficManagers."""

    world: World
    stream_port: int
    rays: RayScene  # what a straight line meets
    tick: Callable[[], None]  # advances the world by one frame and sends what it shows
    recordings: Path = RECORDINGS  # where recordings lie
    managers: dict[int, str] = field(default_factory=dict)  # TrafficManager port -> address


def accepted(desk: Desk, *_: Any) -> Any:
    """A call without effect on this world, which a client may make all the same."""
    return VOID


def nothing(desk: Desk, *_: Any) -> Any:
    """A question to which this world's answer is an empty list."""
    return value([])


def never(desk: Desk, *_: Any) -> Any:
    """A question to which this world's answer is no."""
    return value(False)


WITHOUT_EFFECT: frozenset[Call] = frozenset({accepted, nothing, never})
