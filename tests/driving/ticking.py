"""Worlds that wait for their client's ticks."""

from __future__ import annotations


def synchronous(world, *, delta):
    """Put a client's world into synchronous mode; `delta` simulated seconds per tick."""
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, delta
    world.apply_settings(settings)
    return world
