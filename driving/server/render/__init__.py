"""Cameras without a GPU: a scene of street and actors, drawn to colour, depth, classes and instances.

World frame: x forward, y right, z up (left-handed), metres; rotations (pitch, yaw, roll) in degrees.
"""

from driving.server.render.bands import Bands
from driving.server.render.camera import Camera, Frame, annotate, render
from driving.server.render.look import Look
from driving.server.render.scene import Scene, UnknownActor
from driving.server.render.warm import warm_up
from driving.server.render.weather import Weather

__all__ = [
    "Bands",
    "Camera",
    "Frame",
    "Look",
    "Scene",
    "UnknownActor",
    "Weather",
    "annotate",
    "render",
    "warm_up",
]
