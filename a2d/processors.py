"""Processor time of this process and of others. Without torch: benchmarks load it into worker processes."""

from __future__ import annotations

import contextlib
import ctypes
import sys

import psutil

PR_SET_CHILD_SUBREAPER = 36  # of linux/prctl.h


def cpu_seconds() -> float:
    """Processor time of this process and its descendants, those that have ended included."""
    here, found = psutil.Process(), 0.0
    for process in (here, *here.children(recursive=True)):
        with contextlib.suppress(psutil.Error):  # it has just ended
            times = process.cpu_times()
            found += times.user + times.system + times.children_user + times.children_system
    return found


def own_cpu_seconds(process: psutil.Process) -> float:
    """Processor time of one process alone, without those that it started; 0 if it is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def keep_orphans() -> None:
    """On Linux, let processes whose parents end become this one's, so that `cpu_seconds` counts them on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
