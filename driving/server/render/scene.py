"""The drawn world: a street that stands and actors that come, move and go."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import SUM_BITS, Light, Triple
from driving.server.render.compiled import Unchecked
from driving.server.render.lamps import lamps_around, no_lamps
from driving.server.render.lighting import NOWHERE
from driving.server.render.look import Look
from driving.server.render.meshes_vehicle import vehicle_shape
from driving.server.render.meshes_walker import build_of, walker_shape
from driving.server.render.planting import LAMP
from driving.server.render.posing import Frames, posed_meshes
from driving.server.render.shadows import MOST_BLOCKERS, ShadeMaps, select_blockers
from driving.server.render.shape import Shape, box_shape
from driving.server.render.shining import Shining
from driving.server.render.signage import HEAD
from driving.server.render.stage import Stage
from driving.server.render.street import Mark, Street, Strip, lay_out
from driving.server.render.weather import Weather, tone_curve

NO_LAMPS = no_lamps()
_select_blockers = Unchecked(select_blockers)
_SHAPES = {"vehicle": vehicle_shape, "walker": walker_shape, "prop": box_shape}


class UnknownActor(KeyError):
    """An actor id that the scene does not hold."""

    def __init__(self, actor_id: int) -> None:
        super().__init__(f"no actor {actor_id} in the scene; add it first")


class Scene:
    """Everything that a camera may see.

    World frame: x forward, y right, z up (left-handed), metres. Rotations are (pitch, yaw, roll) in
    degrees, turned in Unreal's order; yaw 90 looks along +y, a positive pitch looks up.
    """

    def __init__(
        self, strips: Sequence[Strip], marks: Sequence[Mark], *, seed: int = 0, street: Street | None = None
    ) -> None:
        """Build the street.

        Args:
            strips: Lanes; anything with `kind`, `left` and `right` edges of shape (n, 3).
            marks: Painted lines; anything with `points` (n, 3), `width`, `colour`, `dash` and `gap`.
            seed: Chooses houses, trees and lamps; equal seeds give equal streets.
            street: What `lay_out` made of all this, if somebody did already.
        """
        street = street or lay_out(strips, marks, seed=seed)
        self._stage = Stage()
        self._shining = Shining(self._stage)
        self._things: dict[int, tuple[int, Shape]] = {}  # what stands, by number
        lowest = [float(placed.shape.meshes[0].vertices[:, 2].min()) for placed in street.placed]
        for placed in street.placed:
            row = self._stage.place(placed.shape, actor=0)
            self._stage.objects.pose[row] = placed.pose
            self._stage.objects.shrink[row] = 1.0 / float(np.linalg.norm(placed.pose[:, 0]))
            if placed.thing:
                self._things[placed.thing] = row, placed.shape
            if placed.shape.key == LAMP:
                self._shining.plant(placed.thing, row, placed.shape)
            elif placed.shape.key == HEAD:
                self._shining.hang(placed.thing, row, placed.shape)
        self._ground = min(lowest, default=0.0)
        self._hidden: frozenset[int] = frozenset()
        self._shade_maps = ShadeMaps(np.array([row for row, _ in self._things.values()], np.int64))
        self._first = len(street.placed)  # row of the first actor: rows are given out in their order
        self._shapes: dict[int, tuple[int, Shape]] = {}
        self._looks: dict[int, Look] = {}
        self._boxes = np.zeros((16, 10))
        self._noise = street.noise
        self._tone = tone_curve()
        self._tone_bytes = np.asarray(self._tone + 0.5, np.uint32)
        self._tone_parts = np.asarray(np.round(self._tone * (1 << SUM_BITS) / 4), np.int32)
        self._blockers = np.zeros((MOST_BLOCKERS, 12))
        self._blocked = np.zeros(NOWHERE + 1, np.int64)
        self._origin = np.zeros(3)
        self._seconds = 0.0
        self._weather = Weather()
        self._sun = self._weather.sun
        self._light, self._reach = self._light_of(self._weather), self._weather.reach

    @property
    def stage(self) -> Stage:
        """The arrays that the geometry pass reads."""
        return self._stage

    @property
    def reach(self) -> float:
        """Distance beyond which nothing shows, m."""
        return self._reach

    def add(self, actor_id: int, look: Look) -> None:
        """Put an actor at the world's origin; `move` it before drawing.

        Raises:
            ValueError: The id is 0 or taken.
        """
        if actor_id in self._shapes or actor_id <= 0:
            raise ValueError(f"actor id {actor_id} is taken or not positive; remove the old actor first")
        shape = _SHAPES[look.kind](look)
        row = self._stage.place(shape, actor=actor_id)
        self._shapes[actor_id], self._looks[actor_id] = (row, shape), look
        if self._box(row + 1) > len(self._boxes):
            self._boxes = np.concatenate([self._boxes, np.zeros((self._box(row + 1), 10))])
        self.move(actor_id, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))

    def move(
        self,
        actor_id: int,
        location: tuple[float, float, float],
        rotation: tuple[float, float, float],
        *,
        stride: float = 0.0,
    ) -> None:
        """Place an actor.

        Args:
            actor_id: Given to `add`.
            location: Of the actor's origin: ground centre of vehicles and props, box centre of walkers; m.
            rotation: (pitch, yaw, roll), degrees.
            stride: Metres walked so far; swings a walker's limbs.

        Raises:
            UnknownActor: There is no such actor.
        """
        row, shape = self._find(actor_id)
        axes, scale, (x, y, z) = rotation_rows(rotation), shape.scale, location
        self._stage.objects.pose[row] = [
            (a * scale, b * scale, c * scale, origin + c * shape.lift)
            for (a, b, c), origin in zip(axes, (x, y, z), strict=True)
        ]
        self._stage.objects.shrink[row] = 1.0 / scale
        self._stage.pose_mesh(row, shape, stride)
        yaw = math.radians(rotation[1])
        for number, (along, across, up, *rest) in enumerate(shape.boxes.tolist()):
            centre = [
                origin + a * along + b * across + c * (up + shape.lift)
                for (a, b, c), origin in zip(axes, (x, y, z), strict=True)
            ]
            self._boxes[self._box(row) + number] = [*centre, math.cos(yaw), math.sin(yaw), *rest, row]

    def open_doors(self, actor_id: int, doors: frozenset[int]) -> None:
        """Open these doors of a vehicle (VehicleDoor) and close all others.

        Raises:
            UnknownActor: There is no such actor.
        """
        row, _ = self._find(actor_id)
        shape = vehicle_shape(self._looks[actor_id], doors)
        self._shapes[actor_id] = row, shape
        self._stage.reshape(row, shape)

    def pose(self, actor_id: int, frames: Frames) -> None:
        """Show a walker with its bones in these frames; without any, as it walks from its next `move` on.

        Raises:
            UnknownActor: There is no such actor.
        """
        row, shape = self._find(actor_id)
        if frames:
            child, girth = build_of(self._looks[actor_id])
            self._stage.show_alone(row, posed_meshes(child, girth, shape.scale, frames))
        else:
            self._stage.reshape(row, shape)

    def remove(self, actor_id: int) -> None:
        """Take an actor away.

        Raises:
            UnknownActor: There is no such actor.
        """
        row, _ = self._find(actor_id)
        self._stage.free(row)
        self._shining.forget(actor_id)
        self._boxes[self._box(row) : self._box(row + 1)] = 0.0
        del self._shapes[actor_id], self._looks[actor_id]

    def set_lights(self, actor_id: int, flags: int) -> None:
        """Switch a vehicle's lamps; flags as in CARLA's VehicleLightState.

        Raises:
            UnknownActor: There is no such actor.
        """
        self._shining.switch(actor_id, *self._find(actor_id), flags)

    def light_street(self, colours: Mapping[int, Triple]) -> None:
        """Burn these street lamps, by number, and no others; colours: linear light at 1 m."""
        self._shining.light_street(colours)

    def show_signals(self, lamps: Mapping[int, int]) -> None:
        """Burn these lamps of traffic lights, by their heads' numbers, and no others.

        0 is red, 1 yellow and 2 green. Only what changes is painted anew.
        """
        self._shining.show_signals(lamps)

    def name_actors(self, actors: Mapping[int, int]) -> None:
        """Have standing things, by number, be actors by id; 0: part of the street."""
        for number, actor_id in actors.items():
            self._stage.objects.actor[self._things[number][0]] = actor_id

    def hide(self, things: Collection[int]) -> None:
        """Take these standing things out of sight, by number, and show all others."""
        hidden = frozenset(things) & self._things.keys()
        for number in hidden ^ self._hidden:
            row, shape = self._things[number]
            self._stage.show(row, 0 if number in hidden else shape.levels)
        if hidden != self._hidden:
            self._shade_maps.clear()
            self._shining.look_again()
        self._hidden = hidden

    def set_time(self, seconds: float) -> None:
        """Move what moves by itself, blinking lamps and rain, to a simulated second."""
        self._seconds = seconds
        self._shining.set_time(seconds)

    def set_weather(self, weather: Weather) -> None:
        """Change the light and the air."""
        self._weather = weather
        self._light, self._reach = self._light_of(weather), weather.reach
        if (self._sun != weather.sun).any():
            self._sun = weather.sun
            self._shade_maps.clear()

    @property
    def weather(self) -> Weather:
        """What was set last."""
        return self._weather

    @property
    def seconds(self) -> float:
        """The simulated time."""
        return self._seconds

    def glares(self) -> NDArray[np.float64]:
        """Rows of `glare` (n, COLUMNS): the lamps that shine into lenses."""
        return self._shining.glares(0.25 + 0.75 * self._light.darkness)

    def light_at(self, x: float, y: float) -> Light:
        """The light for a camera at (x, y)."""
        sun = self._sun
        axes, heights = self._shade_maps.around(
            x, y, sun=sun, geometry=self._stage.geometry, objects=self._stage.objects
        )
        _select_blockers(self._boxes, x, y, sun, self._blockers, self._blocked, self._origin)
        light = self._light._replace(shade_axes=axes, shade_map=heights)
        darkness = light.darkness
        if darkness > 0.0:
            light = light._replace(lamps=lamps_around(self._shining.beams(darkness), x, y, self._blockers))
        return light

    def _light_of(self, weather: Weather) -> Light:
        """What of the light is the same for every camera."""
        sun = weather.sun
        return Light(
            sun=(float(sun[0]), float(sun[1]), float(sun[2])),
            palette=weather.palette(),
            haze=float(weather.haze),
            fog=weather.fog,
            ground=self._ground,
            cover=float(weather.cover),
            wetness=weather.film,
            deposits=min(max(weather.deposits / 100.0, 0.0), 1.0),
            darkness=weather.darkness,
            shade_axes=(),
            shade_map=np.zeros(0, np.int16),
            blockers=self._blockers,
            blocked=self._blocked,
            blocked_origin=self._origin,
            noise=self._noise,
            tone=self._tone,
            tone_bytes=self._tone_bytes,
            tone_parts=self._tone_parts,
            lamps=NO_LAMPS,
        )

    def _box(self, row: int) -> int:
        """Where the boxes of a row of `Objects` begin."""
        return 2 * (row - self._first)

    def _find(self, actor_id: int) -> tuple[int, Shape]:
        try:
            return self._shapes[actor_id]
        except KeyError:
            raise UnknownActor(actor_id) from None


def rotation_matrix(rotation: Triple) -> NDArray[np.float64]:
    """`rotation_rows` as an array (3, 3)."""
    return np.array(rotation_rows(rotation))


def rotation_rows(rotation: Triple) -> tuple[Triple, Triple, Triple]:
    """Columns: where the local x, y and z axes point in the world, for (pitch, yaw, roll) in degrees.

    Source: carla/geom/Transform.h, GetMatrix.
    """
    pitch, yaw, roll = (math.radians(angle) for angle in rotation)
    cp, sp, cy, sy, cr, sr = (
        math.cos(pitch), math.sin(pitch), math.cos(yaw), math.sin(yaw), math.cos(roll), math.sin(roll)
    )  # fmt: skip
    return (
        (cp * cy, cy * sp * sr - sy * cr, -cy * sp * cr - sy * sr),
        (cp * sy, sy * sp * sr + cy * cr, -sy * sp * cr + cy * sr),
        (sp, -cp * sr, cp * cr),
    )
