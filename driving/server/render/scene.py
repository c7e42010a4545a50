"""The drawn world: a street that stands and actors that come, move and go."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Light
from driving.server.render.look import Look
from driving.server.render.meshes_vehicle import vehicle_shape
from driving.server.render.meshes_walker import walker_shape
from driving.server.render.shadows import CELLS, MOST_BLOCKERS, ShadeMaps, select_blockers
from driving.server.render.shape import Shape, box_shape
from driving.server.render.stage import Stage
from driving.server.render.street import Mark, Placed, Strip, build_street, street_rng
from driving.server.render.texture import noise_levels
from driving.server.render.weather import Weather, tone_curve

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

    def __init__(self, strips: Sequence[Strip], marks: Sequence[Mark], *, seed: int = 0) -> None:
        """Build the street.

        Args:
            strips: Lanes; anything with `kind`, `left` and `right` edges of shape (n, 3).
            marks: Painted lines; anything with `points` (n, 3), `width`, `colour`, `dash` and `gap`.
            seed: Chooses houses, trees and lamps; equal seeds give equal streets.
        """
        rng = street_rng(seed)
        self._stage = Stage()
        casters = []
        self.street: list[tuple[int, Placed]] = []  # rows of the stage's objects, and what stands there
        for placed in build_street(strips, marks, rng):
            row = self._stage.place(placed.shape, actor=0)
            self.street.append((row, placed))
            self._stage.objects.pose[row] = placed.pose
            self._stage.objects.shrink[row] = 1.0 / float(np.linalg.norm(placed.pose[:, 0]))
            if placed.casts:
                casters.append(row)
        self._shade_maps = ShadeMaps(np.array(casters, np.int64))
        self._shapes: dict[int, tuple[int, Shape]] = {}
        self._boxes = np.zeros((16, 10))
        self._noise = noise_levels(rng)
        self._tone = tone_curve()
        self._blockers = np.zeros((MOST_BLOCKERS, 12))
        self._blocked = np.zeros((CELLS, CELLS), np.int64)
        self._origin = np.zeros(3)
        self._weather = Weather()
        self._sun = self._weather.sun
        self._palette = self._weather.palette()

    @property
    def stage(self) -> Stage:
        """The arrays that the geometry pass reads."""
        return self._stage

    @property
    def reach(self) -> float:
        """Distance beyond which nothing shows, m."""
        return self._weather.reach

    def add(self, actor_id: int, look: Look) -> None:
        """Put an actor at the world's origin; `move` it before drawing.

        Raises:
            ValueError: The id is 0 or taken.
        """
        if actor_id in self._shapes or actor_id <= 0:
            raise ValueError(f"actor id {actor_id} is taken or not positive; remove the old actor first")
        shape = _SHAPES[look.kind](look)
        row = self._stage.place(shape, actor=actor_id)
        self._shapes[actor_id] = (row, shape)
        if 2 * (row + 1) > len(self._boxes):
            self._boxes = np.concatenate([self._boxes, np.zeros((2 * (row + 1), 10))])
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
        axes = rotation_matrix(rotation)
        pose = self._stage.objects.pose[row]
        pose[:, :3] = axes * shape.scale
        self._stage.objects.shrink[row] = 1.0 / shape.scale
        pose[:, 3] = np.asarray(location, float) + axes[:, 2] * shape.lift
        self._stage.pose_mesh(row, shape, stride)
        for number, box in enumerate(shape.boxes):
            yaw = math.radians(rotation[1])
            centre = pose[:, 3] + axes @ box[:3]
            self._boxes[2 * row + number] = [*centre, math.cos(yaw), math.sin(yaw), *box[3:], row]

    def remove(self, actor_id: int) -> None:
        """Take an actor away.

        Raises:
            UnknownActor: There is no such actor.
        """
        row, _ = self._find(actor_id)
        self._stage.free(row)
        self._boxes[2 * row : 2 * row + 2] = 0.0
        del self._shapes[actor_id]

    def set_weather(
        self,
        *,
        sun_azimuth: float,
        sun_altitude: float,
        cloudiness: float,
        fog_density: float,
        fog_distance: float,
        wetness: float,
    ) -> None:
        """Change the light; CARLA's scales: degrees, shares of 100, metres."""
        self._weather = Weather(sun_azimuth, sun_altitude, cloudiness, fog_density, fog_distance, wetness)
        self._sun, self._palette = self._weather.sun, self._weather.palette()
        self._shade_maps.clear()

    def light_at(self, x: float, y: float) -> Light:
        """The light for a camera at (x, y)."""
        sun = self._sun
        axes, heights = self._shade_maps.around(
            x, y, sun=sun, geometry=self._stage.geometry, objects=self._stage.objects
        )
        select_blockers(self._boxes, x, y, sun, self._blockers, self._blocked, self._origin)
        return Light(
            sun=(float(sun[0]), float(sun[1]), float(sun[2])),
            palette=self._palette,
            haze=float(self._weather.haze),
            cover=float(self._weather.cover),
            wetness=min(max(self._weather.wetness / 100.0, 0.0), 1.0),
            shade_axes=axes,
            shade_map=heights,
            blockers=self._blockers,
            blocked=self._blocked,
            blocked_origin=self._origin,
            noise=self._noise,
            tone=self._tone,
        )

    def _find(self, actor_id: int) -> tuple[int, Shape]:
        try:
            return self._shapes[actor_id]
        except KeyError:
            raise UnknownActor(actor_id) from None


def rotation_matrix(rotation: tuple[float, float, float]) -> NDArray[np.float64]:
    """Columns: where the local x, y and z axes point in the world, for (pitch, yaw, roll) in degrees; (3, 3).

    Source: carla/geom/Transform.h, GetMatrix.
    """
    pitch, yaw, roll = (math.radians(angle) for angle in rotation)
    cp, sp, cy, sy, cr, sr = (
        math.cos(pitch), math.sin(pitch), math.cos(yaw), math.sin(yaw), math.cos(roll), math.sin(roll)
    )  # fmt: skip
    return np.array(
        [
            [cp * cy, cy * sp * sr - sy * cr, -cy * sp * cr - sy * sr],
            [cp * sy, sy * sp * sr + cy * cr, -sy * sp * cr + cy * sr],
            [sp, -cp * sr, cp * cr],
        ]
    )
