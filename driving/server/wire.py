"""The bytes of CARLA's remote procedure calls: requests in, response envelopes and structs out; no I/O.

Every constant that belongs to one CARLA release stands in `RELEASE`.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

from driving.server.errors import WireError

MAX_MESSAGE = 64 << 20  # bytes; a larger request is an attack or a mistake
LARGEST_NUMBER = 1e9  # of anything that a client may say in metres, seconds or degrees
MAX_ELEMENTS = 100_000  # of one msgpack array or map

Vector = tuple[float, float, float]
Pose = tuple[Vector, Vector]  # location in m, (pitch, yaw, roll) in degrees


@dataclass(frozen=True, slots=True)
class Release:
    """What changes between CARLA releases."""

    version: str
    sensor_types: Mapping[str, int]  # blueprint id -> number in a stream message's header
    world_type: int  # the same for the episode state


RELEASE = Release(
    version="0.9.16",
    sensor_types={
        "sensor.other.collision": 0,
        "sensor.camera.depth": 1,
        "sensor.camera.normals": 2,
        "sensor.camera.dvs": 3,
        "sensor.other.gnss": 4,
        "sensor.other.imu": 5,
        "sensor.other.obstacle": 7,
        "sensor.camera.optical_flow": 8,
        "sensor.other.radar": 9,
        "sensor.lidar.ray_cast_semantic": 10,
        "sensor.lidar.ray_cast": 11,
        "sensor.camera.rgb": 13,
        "sensor.camera.semantic_segmentation": 14,
        "sensor.camera.instance_segmentation": 15,
    },
    world_type=17,
)

WORLD_STREAM = -1  # by which the server knows the stream of the episode state
_WORLD_STREAMS = 1000  # ids by which clients ask for it; those of sensors follow
_begin = 0  # where stream ids begin; see `renumber`
_TOKEN = struct.Struct("<IHBB16s")
_TCP = 1
_SAME_HOST = 0  # address type "not set": the client dials the host it used for the calls


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it arrived."""

    id: int
    method: str
    arguments: tuple[Any, ...]


class RequestReader:
    """Cuts a connection's bytes into requests, however they arrive.

    Raises:
        WireError: From `feed` or while iterating; the connection cannot be read any further.
    """

    def __init__(self) -> None:
        self._fed, self._read = 0, 0  # bytes so far, and up to the end of the last whole message
        self._unpacker = msgpack.Unpacker(
            raw=False,
            unicode_errors="surrogateescape",
            max_buffer_size=MAX_MESSAGE,
            max_array_len=MAX_ELEMENTS,
            max_map_len=MAX_ELEMENTS,
        )

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        self._fed += len(data)
        if self._fed - self._read > MAX_MESSAGE:  # what is nested leaves the unpacker's own buffer early
            raise WireError(f"a request is longer than {MAX_MESSAGE} bytes")
        self._unpacker.feed(data)

    def __iter__(self) -> Iterator[Request]:
        return self

    def __next__(self) -> Request:
        try:
            message = next(self._unpacker)
            self._read = self._unpacker.tell()
        except StopIteration:
            raise
        except (msgpack.UnpackException, ValueError, TypeError, OverflowError) as error:
            raise WireError(f"not msgpack: {error}") from error
        return _request(message)


def _request(message: Any) -> Request:
    match message:
        case [0, int(number), str(method), [[bool()], *arguments]]:
            return Request(number, method, tuple(arguments))
    raise WireError(f"not a CARLA request: {repr(message)[:80]}")


_packer = msgpack.Packer(use_bin_type=True, unicode_errors="surrogateescape")


def response(request_id: int, result: Any) -> bytes:
    """The answer to one request; `result` is one of the envelopes below."""
    return _packer.pack([1, request_id, None, result])


def value(content: Any) -> list[Any]:
    """Envelope of a call that returns something."""
    return [[1, content]]


def failure(message: str) -> list[Any]:
    """Envelope of an error; reads as one for calls with and without a result."""
    return [[0, [message]]]


VOID: list[Any] = [[False]]  # envelope of a call that returns nothing


def pack(content: Any) -> bytes:
    """Msgpack of a sensor's payload."""
    return bytes(_packer.pack(content))


def renumber() -> None:
    """Draw where this process's stream ids begin.

    Clients of a server that died go on asking for theirs, at whatever has taken its port, and are not to be
    given somebody else's pictures.
    """
    global _begin
    _begin = 1 + secrets.randbelow(1 << 31)


renumber()
os.register_at_fork(after_in_child=renumber)  # servers are forked from one process


def world_stream(episode: int) -> int:
    """Stream id by which a client asks for the episode state: another one in each episode.

    A client that changes episodes subscribes anew. If it is still busy with a message of the old
    subscription, and both have one id, it drops the new one while that connects, which ends its process.
    """
    return _begin + episode % _WORLD_STREAMS


def known_stream(stream: int) -> int:
    """By which id the server knows a stream that a client asks for."""
    return WORLD_STREAM if 0 <= stream - _begin < _WORLD_STREAMS else stream


def sensor_stream(actor_id: int) -> int:
    """Stream id of a sensor."""
    return _begin + _WORLD_STREAMS + actor_id


def token(stream: Any, port: int) -> bytes:
    """Where a client finds a stream: 24 bytes.

    Raises:
        WireError: `stream` is no stream id.
    """
    if not isinstance(stream, int) or not 0 <= stream < 1 << 32:
        raise WireError(f"a stream id is an unsigned 32-bit number, got {repr(stream)[:80]}")
    return _TOKEN.pack(stream, port, _TCP, _SAME_HOST, b"")


def read_vector(content: Any) -> Vector:
    """Three finite numbers.

    Raises:
        WireError: They are not.
    """
    x, y, z = numbers(content, 3)
    return x, y, z


def read_pose(content: Any) -> Pose:
    """A Transform as location and (pitch, yaw, roll)."""
    if not isinstance(content, Sequence) or len(content) < 2:
        raise WireError(f"a transform is [location, rotation], got {repr(content)[:80]}")
    return read_vector(content[0]), read_vector(content[1])


def numbers(content: Any, count: int, *, most: float = LARGEST_NUMBER) -> tuple[float, ...]:
    """The first `count` numbers of an array.

    Raises:
        WireError: They are missing, not numbers, not finite or larger than `most`.
    """
    try:
        found = tuple(float(item) for item in content[:count])
    except (TypeError, ValueError, OverflowError) as error:
        raise WireError(f"{count} numbers expected, got {repr(content)[:80]}") from error
    if len(found) != count or not all(abs(number) <= most for number in found):
        raise WireError(f"{count} finite numbers expected, got {repr(content)[:80]}")
    return found
