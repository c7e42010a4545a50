"""Compiled kernels kept on disk, and when they are out of date.

numba looks only at the source file of the kernel that is called: a change of what that calls in another file,
or of a constant there, would leave the old code in use. So all are dropped when any such file has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path

SOURCES = Path(__file__).parent
DIGEST = "kernels.digest"
_IMPORT = re.compile(rb"^from driving\.server\.?([\w.]*) import \(?([\w, ]*)", re.MULTILINE)


def drop_stale(sources: Path = SOURCES) -> bool:
    """Delete the kernels below `sources` if they were compiled of other files; whether they were.

    A folder that cannot be written to is left as it is: numba keeps its kernels elsewhere then.
    """
    digest = _digest(sources)
    note = sources / "__pycache__" / DIGEST
    with contextlib.suppress(OSError):
        if note.read_text() == digest:
            return False
    try:
        for kernel in sources.rglob("__pycache__/*.nb[ci]"):
            kernel.unlink(missing_ok=True)
        note.parent.mkdir(exist_ok=True)
        note.write_text(digest)
    except OSError:
        return False
    return True


def _digest(sources: Path) -> str:
    """Of the files with kernels and of what they import from this package."""
    files = {path for path in sources.rglob("*.py") if b"njit" in path.read_bytes()}
    for path in tuple(files):
        for module, names in _IMPORT.findall(path.read_bytes()):
            folder = sources.joinpath(*module.decode().split("."))
            candidates = [folder, *(folder / name.strip() for name in names.decode().split(","))]
            files |= {found for each in candidates if (found := each.with_suffix(".py")).is_file()}
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()
