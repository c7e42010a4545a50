"""Compile the kernels before anybody waits for a picture."""

from __future__ import annotations

import numpy as np

from driving.server.render.camera import Camera, annotate, render
from driving.server.render.look import Look
from driving.server.render.plan import TakenGround
from driving.server.render.scene import Scene
from driving.server.render.sketch import COLUMNS
from driving.server.render.weather import Weather


def warm_up() -> None:
    """Load every kernel from numba's cache, or compile it (a minute or two, once per installation)."""
    scene = Scene((), ())
    scene.add(1, Look("vehicle", "vehicle.any", "car", 4.5, 1.8, 1.5, (200, 60, 60), 14))
    scene.set_lights(1, 1)
    scene.set_weather(Weather(sun_altitude=-20.0, wetness=100.0, precipitation=100.0))
    camera, place, turn = Camera(16, 16, 90.0), (-5.0, 0.0, 1.0), (0.0, 0.0, 0.0)
    frame = render(scene, camera, place, turn)
    annotate(frame, scene, camera, place, turn, strokes=np.zeros((1, COLUMNS)), texts=())
    TakenGround(np.zeros(2), np.ones(2)).take(np.eye(3, 2))
