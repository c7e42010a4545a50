"""Processor time of running processes."""

from __future__ import annotations

import contextlib

import psutil


def spent(process: psutil.Process, *, children: bool = False) -> float:
    """Seconds of processor time so far; with those of the processes below it, if asked."""
    members = [process, *(process.children(recursive=True) if children else [])]
    return sum(_seconds(member) for member in members)


def _seconds(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return times.user + times.system
    return 0.0
