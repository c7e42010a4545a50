"""Write down what happens in a world, tick by tick."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from driving.server.actor import Actor
from driving.server.bodies import ATTACHED, MOTION_WIDTH
from driving.server.errors import WorldError
from driving.server.recording_file import MOST_BYTES, WIDTH, Frame, Head, pack_frame, pack_head

if TYPE_CHECKING:
    from driving.server.world import World

RECORDED = ("vehicle", "walker", "prop", "sensor")  # kinds whose motion is; lights and signs are the map's
POSE = ("x", "y", "z", "pitch", "yaw", "roll")
CARRIED = ("px", "py", "pz", "p_pitch", "p_yaw", "p_roll")

log = logging.getLogger(__name__)


class Recorder:
    """One recording while it is made: `note` after every tick until `stop`."""

    def __init__(self, world: World, path: Path) -> None:
        """Begin with everybody who is there.

        Raises:
            WorldError: The file cannot be written.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = path.open("wb")
        except OSError as error:
            raise WorldError(f"cannot record into {path}: {error.strerror}") from error
        self.path = path
        self._began = world.elapsed
        self._known: dict[int, tuple[Any, Any, int]] = {}  # what was last written of whom
        self._met: set[int] = set()  # ids of who was written down
        self._signals: dict[int, tuple[int, bool, float]] = {}
        self._size = self._file.write(pack_head(Head(world.map.name, datetime.now().strftime("%x %X"))))
        self.note(world)

    def note(self, world: World) -> None:
        """Write the present down; a file that is full ends."""
        if self._file.closed:
            return
        try:
            self._size += self._file.write(pack_frame(self._frame(world)))
        except OSError as error:
            log.warning("recording %s ends: %s", self.path.name, error.strerror or error)
            self.stop()
            return
        if self._size > MOST_BYTES:
            log.warning("recording %s is full and ends", self.path.name)
            self.stop()

    def stop(self) -> None:
        """End the file."""
        try:
            self._file.close()
        except OSError as error:  # the disk is full: what is there stays
            log.warning("recording %s is cut short: %s", self.path.name, error.strerror or error)

    def _frame(self, world: World) -> Frame:
        actors = [actor for actor in world.actors.values() if actor.blueprint.kind in RECORDED]
        actors.append(world.spectator)
        rows = [actor.row for actor in actors]
        motion = np.empty((len(rows), WIDTH), np.float32)
        motion[:, :MOTION_WIDTH] = world.table.motion[rows]
        motion[:, MOTION_WIDTH] = world.table.rows["walked"][rows]
        actors.pop()
        new = [actor for actor in world.actors.values() if actor.id not in self._met]
        created = [self._created(world, actor) for actor in new]
        destroyed = sorted(self._met - world.actors.keys())
        self._met = set(world.actors)
        controls, walks, lamps = self._changes(actors)
        self._known = {actor.id: (actor.control, actor.walk, actor.lights) for actor in actors}
        ids = np.array([*(actor.id for actor in actors), world.spectator.id], np.uint32)
        collisions = [[float(c.actor), float(c.other), *c.impulse] for c in world.collisions]
        time = world.elapsed - self._began
        signals = self._changed_signals(world)
        return Frame(time, created, destroyed, ids, motion, controls, walks, lamps, signals, collisions)

    def _created(self, world: World, actor: Actor) -> list[Any]:
        body = world.table.rows[actor.row]
        names = CARRIED if body["kind"] == ATTACHED else POSE
        pose = [float(body[name]) for name in names]
        return [actor.id, actor.blueprint.id, dict(actor.values), actor.parent, *pose]

    def _changes(self, actors: list[Actor]) -> tuple[list[Any], list[Any], list[Any]]:
        controls: list[Any] = []
        walks: list[Any] = []
        lamps: list[Any] = []
        for actor in actors:
            control, walk, flags = self._known.get(actor.id, (None, None, 0))
            if actor.blueprint.kind == "vehicle" and actor.control != control:
                controls.append([actor.id, *actor.control])
            if actor.blueprint.kind == "walker" and actor.walk != walk:
                direction, speed, jump = actor.walk
                walks.append([actor.id, *direction, speed, jump])
            if actor.lights != flags:
                lamps.append([actor.id, actor.lights])
        return controls, walks, lamps

    def _changed_signals(self, world: World) -> list[list[Any]]:
        changed = []
        for actor_id, light in world.lights.by_actor.items():
            state, frozen, elapsed = light.state, light.crossing.frozen, light.elapsed
            if self._signals.get(actor_id, ())[:2] != (state, frozen) or elapsed < self._signals[actor_id][2]:
                changed.append([actor_id, world.actors[actor_id].signal, state, frozen, elapsed])
            self._signals[actor_id] = state, frozen, elapsed
        return changed
