"""Worlds that wait for their client's ticks."""

from __future__ import annotations

from driving.server.settings import Settings
from driving.server.world import World
from scenarios.roads import straight_road


def synchronous(world, *, delta):
    """Put a client's world into synchronous mode; `delta` simulated seconds per tick."""
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, delta
    world.apply_settings(settings)
    return world


def waiting_world(*, delta):
    """The server's own world on the straight road, in synchronous mode; `delta` likewise."""
    world = World({"straight": straight_road()}, "straight")
    world.change_settings(Settings(synchronous=True, fixed_delta=delta))
    return world
