"""The buffer's rows on disk, each written once: what a checkpoint costs is what is new since the last."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from a2d.dataset import Arrays, Buffer
from a2d.errors import RunError
from a2d.files import UNREADABLE, explained, write_atomically

ENDING = ".rows"
PART_MEGABYTES = 64  # of one file's rows, which are copied to be written: memory that was just used is fast


@dataclass(frozen=True, slots=True)
class _Part:
    """A file's rows, by their numbers: those added to the buffer since the run began are counted."""

    start: int
    stop: int

    @property
    def name(self) -> str:
        return f"{self.start:012d}-{self.stop:012d}{ENDING}"

    @staticmethod
    def of(name: str) -> _Part:
        start, stop = name.removesuffix(ENDING).split("-")
        return _Part(int(start), int(stop))


class RowLog:
    """Files in a folder, each with some of the rows that were added between two checkpoints.

    A file is whole or not there, and never changes: a kill leaves at most some that no checkpoint names.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts: list[_Part] = []

    def extend(self, buffer: Buffer, *, megabytes: int, leave_out: Collection[str]) -> list[str]:
        """Write the rows that were added since the last call, and name the files that a checkpoint needs.

        Args:
            buffer: What they were added to.
            megabytes: Of its newest rows at least; no more than the oldest file goes beyond.
            leave_out: Keys whose values change, which stand elsewhere.

        Raises:
            DiskFull: No space left.
        """
        held = buffer.fitting(megabytes)
        end = self._parts[-1].stop if self._parts else 0
        if fresh := min(buffer.total - end, held):
            try:
                self.folder.mkdir(exist_ok=True)
            except OSError as error:
                raise explained(error, self.folder) from error
            numbers, first = buffer.added(fresh), buffer.total - fresh
            step = max(1, buffer.fitting(PART_MEGABYTES))
            for at in range(0, fresh, step):
                rows = buffer.rows(numbers[at : at + step])
                part = _Part(first + at, min(first + at + step, buffer.total))
                kept = {key: torch.from_numpy(values) for key, values in rows.items() if key not in leave_out}
                write_atomically(self.folder / part.name, partial(torch.save, kept))
                self._parts.append(part)
        self._parts = [part for part in self._parts if part.stop > buffer.total - held]
        return [part.name for part in self._parts]

    def keep(self, names: Collection[str]) -> None:
        """Delete every other file; with the last one the folder goes, too."""
        for path in self.folder.glob(f"*{ENDING}*"):
            if path.name not in names:
                path.unlink(missing_ok=True)
        if not names:
            with contextlib.suppress(OSError):  # it is not there, or somebody keeps something else in it
                self.folder.rmdir()

    def resume(self, names: Sequence[str]) -> None:
        """Go on from a checkpoint that names these files."""
        self._parts = [_Part.of(name) for name in names]

    @property
    def count(self) -> int:
        """How many rows the files have."""
        return sum(part.stop - part.start for part in self._parts)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.glob(f"*{ENDING}"))

    def read(self, *, newest: int) -> Iterator[Arrays]:
        """Give the newest rows, oldest first, file by file.

        Raises:
            RunError: A file is missing or damaged.
        """
        skipped = self.count - newest
        for part in self._parts:
            path = self.folder / part.name
            try:
                rows = torch.load(path, map_location="cpu", weights_only=True)
                found = {key: values.numpy()[skipped:] for key, values in rows.items()}
            except (*UNREADABLE, AttributeError) as error:
                raise RunError(
                    f"{path} cannot be read, and the run's checkpoint needs it: restore a copy, "
                    "or delete the run's checkpoint.pt to train again from the start"
                ) from error
            skipped = max(0, skipped - (part.stop - part.start))
            yield found
