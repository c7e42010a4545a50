"""Compile the kernels before anybody waits for a picture."""

from __future__ import annotations

import numpy as np

from driving.server.render.camera import Camera, render
from driving.server.render.look import Look
from driving.server.render.plan import TakenGround
from driving.server.render.scene import Scene


def warm_up() -> None:
    """Load every kernel from numba's cache, or compile it (about half a minute, once per installation)."""
    scene = Scene((), ())
    scene.add(1, Look("prop", "static.prop.box", "", 1.0, 1.0, 1.0, (200, 60, 60), 20))
    render(scene, Camera(16, 16, 90.0), (-5.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    TakenGround(np.zeros(2), np.ones(2)).take(np.eye(3, 2))
