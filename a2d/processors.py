"""Processor time of this process and of others, and what saves some. Free of torch: workers load it, too."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36  # of linux/prctl.h
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
LARGEST_KEPT = 1 << 25  # bytes, the most that glibc allows: a minibatch of pictures as floats is 28 MB
KEPT = 1 << 28  # bytes
CPUINFO = Path("/proc/cpuinfo")
BFLOAT16 = frozenset(("avx512_bf16", "amx_bf16"))  # flags there


@functools.cache
def multiplies_bfloat16() -> bool:
    """This processor has instructions for it (AVX512-BF16 or AMX); False where Linux does not tell."""
    try:
        return not BFLOAT16.isdisjoint(CPUINFO.read_text(encoding="utf-8").split())
    except OSError:
        return False


def cores() -> int:
    """How many of the processor's cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def keep_freed_memory() -> None:
    """With glibc, let this process keep up to KEPT bytes that it has freed, for what it allocates next.

    A minibatch of pictures and what a network makes of it come and go with each update; given back to the
    system and asked for again, page by page, they cost a sixth of the update's time.
    """
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
        ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, KEPT)
