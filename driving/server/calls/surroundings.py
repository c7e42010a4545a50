"""Surroundings: weather, street lights, and what is drawn for debugging."""

from __future__ import annotations

from typing import Any

from driving.server.calls.desk import Calls, Desk, accepted
from driving.server.wire import VOID, numbers, value
from driving.server.world import CLEAR_NOON


def _set_weather(desk: Desk, content: Any) -> Any:
    desk.world.change_weather(numbers(content, len(CLEAR_NOON)))
    return VOID


def _update_lights(desk: Desk, _client: str, lights: Any, _discard: bool) -> Any:
    desk.world.street_lights.read(lights)
    return VOID


def _day_and_night(desk: Desk, _client: str, on: bool) -> Any:
    desk.world.street_lights.switch_with_the_day(on=bool(on))
    return VOID


def _draw(desk: Desk, shape: Any) -> Any:
    desk.world.debug_shapes.draw(shape, desk.world.frame, desk.world.elapsed)
    return VOID


def _clear(desk: Desk, *, texts: bool = False, shapes: bool = False) -> Any:
    desk.world.debug_shapes.clear(texts=texts, shapes=shapes)
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
    "query_lights_state": lambda desk, _client: value(desk.world.street_lights.structs()),
    "update_lights_state": _update_lights,
    "update_day_night_cycle": _day_and_night,
    "draw_debug_shape": _draw,
    "clear_debug_shape": lambda desk, *_: _clear(desk, shapes=True),
    "clear_debug_string": lambda desk, *_: _clear(desk, texts=True),
}
