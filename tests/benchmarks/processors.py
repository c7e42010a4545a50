"""Processor time of running processes."""

from __future__ import annotations

import contextlib

import psutil


def spent(process: psutil.Process, *, children: bool = False) -> float:
    """Seconds of processor time so far; with those of the processes below it, if asked, ended ones too."""
    below = process.children(recursive=True) if children else []
    return _seconds(process, ended=children) + sum(_seconds(child, ended=children) for child in below)


def _seconds(process: psutil.Process, *, ended: bool) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        own = times.user + times.system
        return own + times.children_user + times.children_system if ended else own
    return 0.0
