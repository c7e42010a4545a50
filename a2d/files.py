"""Files that are whole or not there, and what is said when one cannot be written or read."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from a2d.errors import A2DError, DiskFull, RunError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, a quota, the largest file allowed
UNREADABLE = (RuntimeError, EOFError, OSError, pickle.UnpicklingError, ValueError, KeyError)
"""What torch raises of a file that is truncated, or not one of its own."""


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        RunError: It cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({error}); delete it to go on without it") from error
    if not isinstance(content, dict):
        raise RunError(f"{path} holds no JSON dict; delete it to go on without it")
    return content


def refuse_folder(path: Path) -> None:
    """Refuse what is no name for a file, before the work whose result it is to hold.

    Raises:
        RunError: It is a folder.
    """
    if not path.name or path.is_dir():
        raise RunError(f"{path} is a folder: name a file")


def write_atomically(path: Path, data: bytes | Callable[[BinaryIO], object]) -> None:
    """Write a file so that a reader, or a kill at any moment, finds the old one or the new one, whole.

    Args:
        path: The file.
        data: What it will hold, or what writes that.

    Raises:
        DiskFull: No space left; the old file is intact.
        RunError: The file cannot be written, or is a folder.
    """
    refuse_folder(path)
    unfinished = path.with_name(path.name + ".partial")
    try:
        with unfinished.open("wb") as file:
            data(file) if callable(data) else file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        raise explained(error, path) from error
    finally:
        with contextlib.suppress(OSError):  # of a disk that cannot be written, told above
            unfinished.unlink(missing_ok=True)


def explained(error: OSError, path: Path) -> A2DError:
    """What a failure to write a file is raised as: `DiskFull`, or a `RunError` that names the file."""
    if error.errno in FULL:
        return DiskFull(path)
    return RunError(f"cannot write {path}: {error.strerror or error}")
