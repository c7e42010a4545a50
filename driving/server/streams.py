"""The bytes of CARLA's streams: episode states, images, collisions and other sensor messages; no I/O."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.server.wire import RELEASE, pack

FAR = 1000.0  # m, what the brightest depth pixel means
LENGTH = struct.Struct("<I")
MAP_CHANGED, LIGHTS_CHANGED = 1, 2  # simulation state bits

_HEADER = struct.Struct("<QQd6f")
_EPISODE = struct.Struct("<Qdf3ii")
_IMAGE = struct.Struct("<IIf")
_LIDAR = struct.Struct("<fI")
_VEHICLE = struct.Struct("<3f3?ifB?IB")
_WALKER = struct.Struct("<4f?")
_LIGHT = struct.Struct("<32s4fI?B")
_SIGN = struct.Struct("<32s")
_ACTIVE = 1  # ActorState
_ACTOR = np.dtype(
    [
        ("id", "<u4"),
        ("state", "u1"),
        ("motion", "<f4", 15),  # location, rotation, velocity, angular velocity, acceleration
        ("detail", "u1", 54),  # by kind of actor
    ]
)
_GREEN_LIGHT = 2  # what a vehicle at no light sees


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a message was true."""

    frame: int
    elapsed: float  # simulated seconds


class EpisodeWriter:
    """Writes episode states; keeps the records between ticks, so that a tick costs one array copy."""

    def __init__(self) -> None:
        self._records = np.zeros(0, _ACTOR)

    def list_actors(self, ids: Sequence[int], details: Mapping[int, bytes]) -> None:
        """Start over with these actors, in this order; `details` by id."""
        self._records = np.zeros(len(ids), _ACTOR)
        self._records["id"] = ids
        self._records["state"] = _ACTIVE
        for row, actor in enumerate(ids):
            if actor in details:
                self.set_detail(row, details[actor])

    def set_detail(self, row: int, detail: bytes) -> None:
        """Change what is known of one actor besides its motion."""
        self._records["detail"][row, : len(detail)] = np.frombuffer(detail, np.uint8)

    def message(
        self,
        stamp: Stamp,
        motion: NDArray[np.float64],
        *,
        episode: int,
        wall: float,
        delta: float,
        state: int,
    ) -> bytes:
        """One state.

        Args:
            stamp: Frame and simulated time.
            motion: Every actor's 15 numbers, shape (actors, 15); m, degrees and seconds.
            episode: The episode's id.
            wall: Seconds on the wall clock.
            delta: Simulated seconds since the last state.
            state: Simulation state bits.
        """
        self._records["motion"] = motion
        head = _HEADER.pack(RELEASE.world_type, stamp.frame, stamp.elapsed, 0, 0, 0, 0, 0, 0)
        body = _EPISODE.pack(episode, wall, delta, 0, 0, 0, state)
        return _framed(head, body, self._records.tobytes())


def vehicle_detail(control: Sequence[Any], speed_limit: float, light: tuple[int, int] | None = None) -> bytes:
    """A vehicle's part of the episode state.

    Args:
        control: throttle, steer, brake, hand_brake, reverse, manual_gear_shift, gear.
        speed_limit: km/h.
        light: State and actor id of the traffic light that it is at.
    """
    state, actor = light or (_GREEN_LIGHT, 0)
    return _VEHICLE.pack(*control, speed_limit, state, light is not None, actor, 0)


def light_detail(signal: str, times: Sequence[float], *, pole: int, frozen: bool, state: int) -> bytes:
    """A traffic light's part of the episode state.

    Args:
        signal: Its id in the map.
        times: green, yellow and red time, and time in the present state; s.
        pole: Its number among those of its crossing.
        frozen: Whether its clock stands still.
        state: TrafficLightState.
    """
    return _LIGHT.pack(signal.encode(), *times, pole, frozen, state)


def sign_detail(signal: str) -> bytes:
    """A sign's part of the episode state: its id in the map."""
    return _SIGN.pack(signal.encode())


def walker_detail(direction: Sequence[float], speed: float, *, jump: bool) -> bytes:
    """A walker's part of the episode state."""
    return _WALKER.pack(*direction, speed, jump)


def image(sensor: str, stamp: Stamp, pose: Iterable[float], pixels: NDArray[Any], *, fov: float) -> bytes:
    """One picture; `pixels` are BGRA (H, W, 4) or motion (H, W, 2), `fov` is horizontal, in degrees."""
    height, width = pixels.shape[:2]
    return _framed(_head(sensor, stamp, pose), _IMAGE.pack(width, height, fov), pixels.tobytes())


def values(sensor: str, stamp: Stamp, pose: Iterable[float], content: Any) -> bytes:
    """A message of a collision sensor, IMU or GNSS receiver."""
    return _framed(_head(sensor, stamp, pose), pack(content))


def points(
    sensor: str,
    stamp: Stamp,
    pose: Iterable[float],
    angle: float,
    counts: NDArray[np.int64],
    records: bytes,
) -> bytes:
    """A lidar's message.

    Args:
        sensor: Its blueprint.
        stamp: When.
        pose: Where.
        angle: Of the head within its turn, radians.
        counts: Points of each channel, (channels,).
        records: The points, channel by channel.
    """
    head = _LIDAR.pack(angle, len(counts)) + counts.astype("<u4").tobytes()
    return _framed(_head(sensor, stamp, pose), head, records)


def records(sensor: str, stamp: Stamp, pose: Iterable[float], content: NDArray[np.void]) -> bytes:
    """A message that is nothing but records, as a radar's."""
    return _framed(_head(sensor, stamp, pose), content.tobytes())


def events(
    sensor: str,
    stamp: Stamp,
    pose: Iterable[float],
    content: NDArray[np.void],
    *,
    size: tuple[int, int],
    fov: float,
) -> bytes:
    """An event camera's message; `size` is its picture's width and height in pixels, `fov` in degrees."""
    return _framed(_head(sensor, stamp, pose), _IMAGE.pack(*size, fov), content.tobytes())


def normal_pixels(normals: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Unit vectors (H, W, 3) as CARLA's picture: x, y, z in red, green, blue, -1 to 1 as 0 to 255."""
    pixels = np.full((*normals.shape[:2], 4), 255, np.uint8)
    pixels[..., :3] = np.round((normals[..., ::-1] + 1.0) * 127.5)
    return pixels


def depth_pixels(depth: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Metres as CARLA's depth picture: R + 256 G + 65536 B = metres / 1000 * (2^24 - 1)."""
    code = np.clip(depth * ((2**24 - 1) / FAR), 0, 2**24 - 1).astype("<u4")
    pixels = np.empty((*depth.shape, 4), np.uint8)
    raw = code.view(np.uint8).reshape(*depth.shape, 4)
    pixels[..., 2], pixels[..., 1], pixels[..., 0] = raw[..., 0], raw[..., 1], raw[..., 2]
    pixels[..., 3] = 255
    return pixels


def class_pixels(tag: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Semantic classes as CARLA's picture: the class in red."""
    pixels = np.zeros((*tag.shape, 4), np.uint8)
    pixels[..., 2] = tag
    pixels[..., 3] = 255
    return pixels


def instance_pixels(tag: NDArray[np.uint8], instance: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Instances as CARLA's picture: the class in red, the actor's id in green and blue."""
    pixels = class_pixels(tag)
    pixels[..., 1] = instance & 0xFF
    pixels[..., 0] = (instance >> 8) & 0xFF
    return pixels


def _head(sensor: str, stamp: Stamp, pose: Iterable[float]) -> bytes:
    return _HEADER.pack(RELEASE.sensor_types[sensor], stamp.frame, stamp.elapsed, *pose)


def _framed(*parts: bytes) -> bytes:
    return b"".join((LENGTH.pack(sum(map(len, parts))), *parts))
