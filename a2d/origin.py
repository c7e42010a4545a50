"""Which version of this package is running, so that a run can tell what trained it."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

_PACKAGE = Path(__file__).parent


@functools.cache
def code_commit() -> str | None:
    """The commit of this package's files, `-dirty` where they differ; None outside its repository."""
    try:
        _git("ls-files", "--error-unmatch", Path(__file__).name)  # else it is a repository around an install
        return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(_PACKAGE), *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
