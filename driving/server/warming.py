"""Kernels ready before anybody connects; of servers that start together one compiles, the others load."""

from __future__ import annotations

import contextlib
import getpass
import logging
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from driving.server import events, kernel_cache, physics, ray_scene, render

try:
    import fcntl
except ImportError:  # Windows: every server compiles for itself
    fcntl = None  # type: ignore[assignment]

BLAS = "scipy.linalg"
LONG = 5.0  # s after which the wait deserves a word


def warm_up() -> None:
    """Load every kernel from numba's cache, or compile it: a minute or two, once per installation."""
    started = time.monotonic()
    with _turn(), _without_blas():
        kernel_cache.drop_stale()
        physics.warm_up()
        render.warm_up()
        ray_scene.warm_up()
        events.warm_up()
    if time.monotonic() - started > LONG:
        logging.getLogger(__name__).info(
            "kernels compiled in %.0f s; the next start is quick", time.monotonic() - started
        )


@contextlib.contextmanager
def _without_blas() -> Iterator[None]:
    """Spare numba's first kernel the import of a BLAS that none here calls: 19 MB and 0.15 s."""
    if BLAS in sys.modules:
        yield
        return
    sys.modules[BLAS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[BLAS]


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Hold this user's lock on the kernel cache; the system frees it if the process dies."""
    if fcntl is None:
        yield
        return
    installation = zlib.crc32(str(kernel_cache.SOURCES).encode())  # others have kernels of their own
    path = Path(tempfile.gettempdir()) / f"driving-kernels-{getpass.getuser()}-{installation:08x}.lock"
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
