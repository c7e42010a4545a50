"""Files that commands write at their end: whether they can be is found out before the work."""

from __future__ import annotations

from pathlib import Path

from driving.errors import DrivingError


def make_way_for(path: Path) -> None:
    """Make the folder that a file will be in, and see that the file can be written.

    Raises:
        DrivingError: The name is a folder's.
        OSError: The folder cannot be made, or the file not be written.
    """
    if not path.name or path.is_dir():
        raise DrivingError(f"{path} is a folder: name a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    there = path.exists()
    path.open("ab").close()
    if not there:
        path.unlink()
