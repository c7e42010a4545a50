"""Session: release, episode, settings and the clock."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from driving.server.calls.desk import Calls, Desk, never
from driving.server.structs import read_settings
from driving.server.wire import RELEASE, token, value, world_stream


def _episode_info(desk: Desk) -> Any:
    return value([desk.world.episode, [token(world_stream(desk.world.episode), desk.stream_port)]])


def _settings(desk: Desk) -> Any:
    fields = list(astuple(desk.world.settings))
    fields[2] = [False] if fields[2] is None else [True, fields[2]]
    return value(fields)


def _set_settings(desk: Desk, content: Any) -> Any:
    desk.world.change_settings(read_settings(content))
    return value(desk.world.frame)


def _tick(desk: Desk) -> Any:
    if not desk.world.settings.synchronous:
        return value(desk.world.frame + 1)
    desk.tick()
    return value(desk.world.frame)


CALLS: Calls = {
    "version": lambda desk: value(RELEASE.version),
    "get_episode_info": _episode_info,
    "get_episode_settings": _settings,
    "set_episode_settings": _set_settings,
    "tick_cue": _tick,
    "get_sensor_token": lambda desk, stream: value([token(stream, desk.stream_port)]),
    "is_sensor_enabled_for_ros": never,
}
