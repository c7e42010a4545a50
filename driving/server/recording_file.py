"""The file of a recording: a format of our own, and where such files may lie.

A file is msgpack values one after the other. First the head, `[FORMAT, map, date]`; then a frame per tick:

    [time, created, destroyed, ids, motion, controls, walks, lamps, signals, collisions]

    time        s since the recording began
    created     [id, blueprint, attributes, parent, x, y, z, pitch, yaw, roll] of who is new in this frame, in
                the first one everybody, with the spectator, lights and signs; the pose is that in the frame
                of the parent if there is one (0: none)
    destroyed   ids
    ids         little-endian uint32 of every vehicle, walker, prop and sensor and, as the last, of the
                spectator, as bytes
    motion      little-endian float32, 16 for each id: x y z (m), pitch yaw roll (degrees), velocity (m/s),
                angular velocity (degrees/s), acceleration (m/s2), distance walked (m); as bytes
    controls    [id, throttle, steer, brake, hand brake, reverse, manual, gear] of vehicles where
                it changed
    walks       [id, x, y, z, speed, jump] of walkers likewise
    lamps       [id, flags] of vehicles whose lights changed
    signals     [id, id in the map, state, frozen, s in this state] of traffic lights that changed; of the
                others the time goes on, if they are not frozen
    collisions  [id, id, x, y, z]: who touched, and the impulse on the second in N s; id 0: the scenery

Nothing in it is executed or imported when it is read. Clients choose names, not places: the folders that a
client says are parts of the file's name, joined by +, in letters, digits, dot, dash and underscore.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from driving.server.errors import WorldError

FORMAT = "driving-recording-2"
MOST_BYTES = 256 << 20  # of one file; a recording that grows to it ends there
ERRORS = "surrogateescape"  # clients' texts are any bytes
MOST_FRAME = 16 << 20  # bytes of one frame
MOST_NAME = 100  # characters
WIDTH = 16  # numbers of one actor in `motion`


@dataclass(frozen=True, slots=True)
class Head:
    """What a recording is of."""

    map: str
    date: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One tick, as the module's docstring says."""

    time: float
    created: list[list[Any]]
    destroyed: list[int]
    ids: NDArray[np.uint32]  # (n,)
    motion: NDArray[np.float32]  # (n, WIDTH)
    controls: list[list[Any]]
    walks: list[list[Any]]
    lamps: list[list[int]]
    signals: list[list[Any]]
    collisions: list[list[float]]


def place(folder: Path, name: Any) -> Path:
    """Where a recording of a client's name lies: inside `folder`, whatever the name says.

    A path that this gave before is itself.

    Raises:
        WorldError: The name has no letter or digit in it.
    """
    given = Path(str(name))
    if given.parent == folder and re.fullmatch(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*", given.name):
        return given
    *folders, last = (part.lstrip(".") for part in re.split(r"[/\\:]", str(name)))
    if not re.search(r"[A-Za-z0-9]", last):
        raise WorldError(f"a recording needs a name with a letter or digit in it, got {str(name)[:80]!r}")
    parts = [re.sub(r"[^A-Za-z0-9._-]", "_", part) for part in (*folders, last) if part]
    safe = "+".join(parts)
    if len(safe) > MOST_NAME:  # its end tells most; what tells it from others is kept as a digest
        digest = hashlib.sha256(safe.encode()).hexdigest()[:16]
        safe = f"{digest}+{safe[len(digest) + 1 - MOST_NAME :]}"
    return folder / safe


def pack_head(head: Head) -> bytes:
    """A file's first value."""
    return bytes(msgpack.packb([FORMAT, head.map, head.date], unicode_errors=ERRORS))


def pack_frame(frame: Frame) -> bytes:
    """A frame's value."""
    content = [
        frame.time, frame.created, frame.destroyed, frame.ids.astype("<u4").tobytes(),
        frame.motion.astype("<f4").tobytes(), frame.controls, frame.walks, frame.lamps, frame.signals,
        frame.collisions,
    ]  # fmt: skip
    return bytes(msgpack.packb(content, unicode_errors=ERRORS))


def read(path: Path) -> tuple[Head, Iterator[Frame]]:
    """A recording's head, and its frames as they are asked for.

    Raises:
        WorldError: There is no such file, or it is no recording; while iterating, a frame is damaged. A last
            frame that was cut off is left out.
    """
    try:
        if path.stat().st_size > MOST_BYTES + MOST_FRAME:
            raise WorldError(f"{path.name} is larger than a recording can be")
        file = path.open("rb")
    except OSError:
        raise WorldError(f"File {path.name} not found on server") from None
    values = msgpack.Unpacker(file, raw=False, unicode_errors=ERRORS, max_buffer_size=MOST_FRAME)
    try:
        form, map_name, date = next(values)
        if form != FORMAT:
            raise ValueError(form)
        head = Head(str(map_name), str(date))
    except (StopIteration, ValueError, TypeError, msgpack.UnpackException) as error:
        file.close()
        raise WorldError(f"{path.name} is no recording of this server") from error
    return head, _frames(path, file, values)


def _frames(path: Path, file: Any, values: msgpack.Unpacker) -> Iterator[Frame]:
    with file:
        while True:
            try:
                frame = _frame(next(values))
            except (StopIteration, msgpack.OutOfData):
                return
            except (ValueError, TypeError, msgpack.UnpackException) as error:
                raise WorldError(f"{path.name} is damaged: {str(error)[:80]}") from error
            yield frame


def _frame(content: Any) -> Frame:
    time, created, destroyed, ids, motion, *rest = content
    if len(rest) != 5 or not all(isinstance(part, list) for part in (created, destroyed, *rest)):
        raise ValueError("a frame has ten parts")
    numbers = np.frombuffer(motion, "<f4").reshape(-1, WIDTH)
    names = np.frombuffer(ids, "<u4")
    if len(names) != len(numbers) or not np.isfinite(numbers).all():
        raise ValueError("ids and motion disagree")
    return Frame(float(time), created, destroyed, names, numbers, *rest)
