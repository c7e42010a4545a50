"""Lidars: which rays a rotating head casts in a tick, and which of the echoes it reports.

Scan pattern, attenuation and drop-off follow CARLA's documentation of sensor.lidar.ray_cast.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.actor import Actor
from driving.server.physics import rotation
from driving.server.ray_scene import Hits
from driving.server.sensing import Pose, Surroundings
from driving.server.sensor_attributes import noise_of, number
from driving.server.streams import Stamp, points

POINT = np.dtype([("place", "<f4", 3), ("intensity", "<f4")])
SEMANTIC_POINT = np.dtype([("place", "<f4", 3), ("cosine", "<f4"), ("actor", "<u4"), ("tag", "<u4")])


@dataclass(frozen=True, slots=True)
class Head:
    """The rotating part: `channels` lasers one above the other, the first one highest."""

    channels: int
    reach: float  # m
    rate: float  # points per second
    turns: float  # per second
    upper: float  # degrees
    lower: float  # degrees
    width: float  # degrees, which one turn sweeps

    def columns(self, delta: float) -> int:
        """Rays of each laser in `delta` seconds."""
        return math.floor(self.rate * delta / self.channels + 0.5)

    def sweep(self, start: float, delta: float) -> NDArray[np.float64]:
        """Unit vectors in the sensor's frame, (channels, columns, 3); `start` in degrees of the turn."""
        columns = self.columns(delta)
        step = self.turns * self.width * delta / max(columns, 1)
        turned = np.radians(np.fmod(start + step * np.arange(columns), self.width or 360.0) - self.width / 2)
        raised = np.radians(np.linspace(self.upper, self.lower, self.channels))[:, None]
        parts = (np.cos(raised) * np.cos(turned), np.cos(raised) * np.sin(turned), np.sin(raised))
        return np.stack(np.broadcast_arrays(*parts), axis=-1)

    def turn_on(self, start: float, delta: float) -> float:
        """Degrees of the turn after `delta` seconds."""
        return math.fmod(start + self.turns * self.width * delta, self.width or 360.0)


@dataclass(frozen=True, slots=True)
class Losses:
    """Why echoes are weak, missing or displaced."""

    attenuation: float  # 1/m
    dropped: float  # share of all points
    enough: float  # intensity above which no further point is lost
    faintest: float  # share that is lost at intensity 0
    noise: float  # m, standard deviation along the ray

    def intensity(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """exp(-attenuation distance): what the air leaves of an echo."""
        return np.exp(-self.attenuation * distance)

    def kept(self, intensity: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.bool_]:
        """Which echoes are strong enough: the share lost falls from `faintest` at 0 to none at `enough`."""
        share = 1.0 - self.faintest + self.faintest * intensity / max(self.enough, 1e-9)
        return (intensity > self.enough) | (rng.random(len(intensity)) < share)


def head_of(sensor: Actor) -> Head:
    """A lidar's attributes."""
    names = ("range", "points_per_second", "rotation_frequency", "upper_fov", "lower_fov", "horizontal_fov")
    return Head(int(number(sensor, "channels")), *(number(sensor, name) for name in names))


def losses_of(sensor: Actor) -> Losses:
    """A lidar's attributes."""
    names = (
        "atmosphere_attenuation_rate", "dropoff_general_rate", "dropoff_intensity_limit",
        "dropoff_zero_intensity", "noise_stddev",
    )  # fmt: skip
    return Losses(*(number(sensor, name) for name in names))


class SemanticLidar:
    """sensor.lidar.ray_cast_semantic: every echo, with what it came from."""

    def __init__(self, around: Surroundings, sensor: Actor) -> None:
        self._around, self._sensor, self._head = around, sensor, head_of(sensor)
        self._angle = 0.0  # degrees of the turn

    def messages(self, stamp: Stamp, pose: Pose, delta: float) -> Iterator[bytes]:
        """One sweep."""
        rays = self._chosen(self._head.sweep(self._angle, delta))
        self._angle = self._head.turn_on(self._angle, delta)
        channel, column = np.nonzero(rays.any(axis=-1))
        directions = rays[channel, column]
        world = directions @ rotation(*pose[3:]).T
        hits = self._around.rays.cast(np.array(pose[:3]), world, self._head.reach)
        reported, echoes = self._echoes(hits, directions[hits.ray], world[hits.ray])
        counts = np.bincount(channel[hits.ray[reported]], minlength=self._head.channels)
        name, angle = self._sensor.blueprint.id, math.radians(self._angle)
        yield points(name, stamp, pose, angle, counts, echoes.tobytes())

    def _chosen(self, rays: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rays to cast; what is not cast becomes zero."""
        return rays

    def _echoes(
        self, hits: Hits, local: NDArray[np.float64], world: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        """Which hits are reported, and their records."""
        echoes = np.zeros(len(hits.ray), SEMANTIC_POINT)
        echoes["place"] = local * hits.distance[:, None]
        echoes["cosine"] = -np.einsum("hi,hi->h", hits.normal, world)
        echoes["actor"], echoes["tag"] = hits.actor, hits.tag
        return np.arange(len(hits.ray)), echoes


class Lidar(SemanticLidar):
    """sensor.lidar.ray_cast: echoes with their intensity, some of them lost."""

    def __init__(self, around: Surroundings, sensor: Actor) -> None:
        super().__init__(around, sensor)
        self._losses, self._rng = losses_of(sensor), noise_of(sensor)

    def _chosen(self, rays: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._losses.dropped <= 0.0:
            return rays
        return np.where(self._rng.random(rays.shape[:2])[..., None] < self._losses.dropped, 0.0, rays)

    def _echoes(
        self, hits: Hits, local: NDArray[np.float64], world: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        intensity = self._losses.intensity(hits.distance)
        kept = np.flatnonzero(self._losses.kept(intensity, self._rng))
        distance = hits.distance[kept] + self._rng.normal(0.0, max(self._losses.noise, 0.0), len(kept))
        echoes = np.zeros(len(kept), POINT)
        echoes["place"], echoes["intensity"] = local[kept] * distance[:, None], intensity[kept]
        return kept, echoes
