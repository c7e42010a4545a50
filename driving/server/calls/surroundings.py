"""Surroundings: weather, street lights, and what is drawn for debugging."""

from __future__ import annotations

from typing import Any

from driving.server.calls.desk import Calls, Desk, accepted, nothing
from driving.server.wire import VOID, numbers, value
from driving.server.world import CLEAR_NOON


def _set_weather(desk: Desk, content: Any) -> Any:
    desk.world.weather = numbers(content, len(CLEAR_NOON))
    return VOID


CALLS: Calls = {
    "get_weather_parameters": lambda desk: value(list(desk.world.weather)),
    "set_weather_parameters": _set_weather,
    "query_lights_state": nothing,
    "update_lights_state": accepted,
    "update_day_night_cycle": accepted,
    "draw_debug_shape": accepted,
    "clear_debug_shape": accepted,
    "clear_debug_string": accepted,
}
