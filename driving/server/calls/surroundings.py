"""Surroundings: weather, street lights, and what is drawn for debugging."""

from __future__ import annotations

from typing import Any

from driving.server.calls.desk import Calls, Desk, accepted, nothing
from driving.server.wire import VOID, numbers, value
from driving.server.world import CLEAR_NOON


def _set_weather(desk: Desk, content: Any) -> Any:
    desk.world.weather = numbers(content, len(CLEAR_NOON))
    return VOID


def _set_gravity(desk: Desk, gravity: Any) -> Any:
    desk.world.imu_gravity = numbers([gravity], 1)[0]
    return VOID


CALLS: Calls = {
    "get_imui_gravity": lambda desk: value(desk.world.imu_gravity),
    "set_imui_gravity": _set_gravity,
    "set_annotations_traverse_translucency": accepted,  # nothing here is half transparent
    "get_weather_parameters": lambda desk: value(list(desk.world.weather)),
    "set_weather_parameters": _set_weather,
    "query_lights_state": nothing,
    "update_lights_state": accepted,
    "update_day_night_cycle": accepted,
    "draw_debug_shape": accepted,
    "clear_debug_shape": accepted,
    "clear_debug_string": accepted,
}
