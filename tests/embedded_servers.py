"""The embedded servers that this process, or a process that it started, has started."""

from __future__ import annotations

import psutil


def embedded_servers() -> list[psutil.Process]:
    """Those that run, in no order."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "--exit-with-stdin" in child.cmdline()]
