"""Play a recording back into a world: its actors move as they did, and end where they were."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driving.server import commands, handling
from driving.server.bodies import ATTACHED, MOTION_WIDTH
from driving.server.errors import WorldError
from driving.server.frames import matrix, pose_at, pose_of
from driving.server.physics import attach
from driving.server.recording_file import Frame, read
from driving.server.recording_report import duration_of
from driving.server.wire import Pose

if TYPE_CHECKING:
    from driving.server.world import World

HERO = "hero"
PLAYED = ("vehicle", "walker", "static", "sensor")  # families; others are there without a replay
ROUNDING = 1e-6  # s, that sums of ticks may lack
BEHIND: Pose = ((-10.0, 0.0, 5.0), (-15.0, 0.0, 0.0))  # of a spectator that follows: the client's default

Row = NDArray[np.float32]  # (WIDTH,): one actor in one frame

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ReplaySettings:
    """What clients set beforehand; it stays for later replays."""

    factor: float = 1.0  # recorded seconds per simulated second
    ignore_hero: bool = False
    ignore_spectator: bool = True  # as in CARLA


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a recording to play, and how."""

    start: float  # s; negative: from the end
    duration: float  # s; 0: to the end
    follow: int = 0  # recorded id of the actor that the spectator follows; 0: nobody
    sensors: bool = False  # recorded sensors come, too
    offset: Pose | None = None  # of the spectator that follows


class Replay:
    """One recording while it is played: `advance` after every tick until it is `over`."""

    def __init__(self, world: World, path: Path, wanted: Wanted) -> None:
        """Bring everybody to where they were at the start.

        Raises:
            WorldError: There is no such recording, or it is of a map that this server does not have.
        """
        head, self._frames = read(path)
        total = duration_of(path)
        self.start = max(wanted.start if wanted.start >= 0.0 else total + wanted.start, 0.0)
        self.end = min(self.start + wanted.duration, total) if wanted.duration > 0.0 else total
        if head.map != world.map.name:
            world.load(head.map)
        self.over = False
        self._wanted, self._now = wanted, self.start
        self._made: list[int] = []  # actors that came with the replay
        self._ids: dict[int, int] = {}  # recorded id -> ours
        first = next(self._frames, None)
        if first is None:
            raise WorldError(f"{path.name} has no frames")
        self._before: Frame = first
        self._after: Frame | None = first
        self._enter(world, first)
        self._show(world)

    def advance(self, world: World) -> None:
        """Go on by the world's last tick; a damaged file ends the replay, not the world."""
        if self.over:
            return
        self._now += world.delta * world.replay_settings.factor
        try:
            self._show(world)
        except (WorldError, ValueError, TypeError, KeyError, IndexError) as error:
            log.warning("the replay ends: %s", error)
            self.finish(world, keep=True)
        if self._now + ROUNDING >= self.end:
            self.finish(world, keep=True)

    def finish(self, world: World, *, keep: bool) -> None:
        """Give everybody back to physics, or take out who came with the replay."""
        self.over = True
        for actor_id in self._ids.values():
            if actor_id in world.actors:
                self._release(world, actor_id)
        if not keep:
            for actor_id in reversed(self._made):
                if actor_id in world.actors:
                    world.destroy(actor_id)

    def _release(self, world: World, actor_id: int) -> None:
        """Let an actor go on: vehicles with their last controls, walkers stop."""
        actor, body = world.actors[actor_id], world.body(actor_id)
        body["simulated"] = actor.blueprint.is_body and actor.parent == 0
        handling.set_velocity(world, actor_id, (float(body["vx"]), float(body["vy"]), float(body["vz"])))
        if actor.blueprint.kind == "walker":
            commands.walk(world, actor_id, actor.walk[0], 0.0)

    def _show(self, world: World) -> None:
        while self._after is not None and self._after.time <= self._now + ROUNDING:
            self._before, self._after = self._after, next(self._frames, None)
            if self._after is not None:
                self._enter(world, self._after)
        self._place(world, self._before, self._after)

    def _enter(self, world: World, frame: Frame) -> None:
        """Let come and go who did, and do what was done, up to a frame."""
        for created in frame.created:
            self._create(world, created)
        for recorded in frame.destroyed:
            actor_id = self._ids.pop(int(recorded), None)
            if actor_id in self._made and actor_id in world.actors:
                world.destroy(actor_id)
        for recorded, *control in frame.controls:
            if recorded in self._ids:
                commands.drive(world, self._ids[recorded], control)
        for recorded, x, y, z, speed, jump in frame.walks:
            if recorded in self._ids:
                commands.walk(world, self._ids[recorded], (x, y, z), speed, jump=jump)
        for recorded, flags in frame.lamps:
            if recorded in self._ids:
                commands.set_lights(world, self._ids[recorded], int(flags))
        lights = {world.actors[id_].signal: light for id_, light in world.lights.by_actor.items()}
        for _, name, state, *_ in frame.signals:
            if name in lights:
                lights[name].show(int(state))

    def _create(self, world: World, created: list[Any]) -> None:
        recorded, blueprint, values, parent, *pose = created
        if blueprint.split(".")[0] not in PLAYED:
            return
        hero = values.get("role_name") == HERO and world.replay_settings.ignore_hero
        if hero or (blueprint.startswith("sensor.") and not self._wanted.sensors):
            return
        there = world.actors.get(recorded)
        if there is not None and there.blueprint.id == blueprint:
            self._ids[recorded] = recorded
        elif parent == 0 or parent in self._ids:
            mother = self._ids[parent] if parent else None
            x, y, z, pitch, yaw, roll = (float(number) for number in pose)
            actor = world.restore(
                blueprint, values, ((x, y, z), (pitch, yaw, roll)), parent=mother, wanted_id=int(recorded)
            )
            self._ids[recorded] = actor.id
            self._made.append(actor.id)
        if recorded in self._ids:
            world.body(self._ids[recorded])["simulated"] = 0.0

    def _place(self, world: World, before: Frame, after: Frame | None) -> None:
        motion: dict[int, Row] = dict(zip(before.ids.tolist(), before.motion, strict=True))
        later = motion if after is None else dict(zip(after.ids.tolist(), after.motion, strict=True))
        span = 0.0 if after is None else after.time - before.time
        part = (self._now - before.time) / span if span > 0.0 else 0.0
        rows = world.table.rows
        for recorded, actor_id in self._ids.items():
            if recorded in motion and actor_id in world.actors:
                body = rows[world.actors[actor_id].row]
                if body["kind"] != ATTACHED:
                    numbers = _between(motion[recorded], later.get(recorded, motion[recorded]), part)
                    row = world.actors[actor_id].row
                    world.table.motion[row] = numbers[:MOTION_WIDTH]
                    body["walked"] = numbers[MOTION_WIDTH]
        seen = int(before.ids[-1])  # the spectator is the last
        self._look(world, motion[seen], later.get(seen, motion[seen]), part)
        attach(rows)

    def _look(self, world: World, before: Row, after: Row, part: float) -> None:
        """Put the spectator where it is to look from."""
        row, followed = world.spectator.row, self._ids.get(self._wanted.follow, 0)
        if followed in world.actors:
            frame = matrix(pose_at(world.body(followed))) @ matrix(self._wanted.offset or BEHIND)
            place, turn = pose_of(frame)
            world.table.motion[row, :6] = (*place, *turn)
        elif not world.replay_settings.ignore_spectator:
            world.table.motion[row] = _between(before, after, part)[:MOTION_WIDTH]


def _between(a: Row, b: Row, part: float) -> NDArray[np.float64]:
    """Motion between two frames: straight, angles the short way round."""
    part = min(max(part, 0.0), 1.0)
    change = b.astype(np.float64) - a
    change[3:6] = (change[3:6] + 180.0) % 360.0 - 180.0
    return a + change * part
