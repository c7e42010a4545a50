"""Compile the kernels before anybody waits for a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from driving.server.render import raster, shade, shadows
from driving.server.render.camera import Camera, render
from driving.server.render.compiled import is_compiled
from driving.server.render.look import Look
from driving.server.render.scene import Scene

_ENTRIES: tuple[Callable[..., Any], ...] = (
    raster.draw,
    raster.fill,
    shade.shade,
    shadows.bake,
    shadows.select_blockers,
)


def warm_up() -> None:
    """Load every kernel from numba's cache, or compile it (about half a minute, once per installation)."""
    scene = Scene((), ())
    scene.add(1, Look("prop", "static.prop.box", "", 1.0, 1.0, 1.0, (200, 60, 60), 20))
    render(scene, Camera(16, 16, 90.0), (-5.0, 0.0, 1.0), (0.0, 0.0, 0.0))


def is_warm() -> bool:
    """Whether `warm_up` will take about a second: every kernel is compiled, here or in the cache on disk."""
    return all(is_compiled(entry) for entry in _ENTRIES)
