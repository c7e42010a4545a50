"""Traffic lights: their states and times, and the crossings whose lights take turns."""

from __future__ import annotations

from typing import Any

from driving.server.calls.desk import Calls, Desk
from driving.server.render.signage import HEAD_HALF, LIGHT
from driving.server.structs import read_light_state
from driving.server.wire import VOID, numbers, value


def _set_state(desk: Desk, actor_id: int, state: Any) -> Any:
    desk.world.light(actor_id).show(read_light_state(state))
    desk.world.controlled.add(actor_id)
    return VOID


def _set_time(name: str) -> Any:
    def call(desk: Desk, actor_id: int, seconds: Any) -> Any:
        setattr(desk.world.light(actor_id).phase, name, max(numbers([seconds], 1)[0], 0.0))
        return VOID

    return call


def _freeze(desk: Desk, actor_id: int, on: bool) -> Any:
    desk.world.light(actor_id).crossing.frozen = bool(on)
    return VOID


def _freeze_all(desk: Desk, on: bool) -> Any:
    desk.world.lights.freeze(on=bool(on))
    return VOID


def _reset(desk: Desk, actor_id: int) -> Any:
    desk.world.light(actor_id).crossing.reset()
    return VOID


def _reset_all(desk: Desk) -> Any:
    desk.world.lights.reset()
    return VOID


def _group(desk: Desk, actor_id: int) -> Any:
    return value([light.actor for light in desk.world.light(actor_id).crossing.lights])


def _heads(desk: Desk, actor_id: int) -> Any:
    signal = desk.world.actor(desk.world.light(actor_id).actor).signal
    heads = [sign for sign in desk.world.place.signage.signs if (sign.kind, sign.signal) == (LIGHT, signal)]
    return value([[list(head.place), list(HEAD_HALF), [0.0, head.yaw, 0.0], actor_id] for head in heads])


CALLS: Calls = {
    "set_traffic_light_state": _set_state,
    "set_traffic_light_green_time": _set_time("green"),
    "set_traffic_light_yellow_time": _set_time("yellow"),
    "set_traffic_light_red_time": _set_time("red"),
    "freeze_traffic_light": _freeze,
    "freeze_all_traffic_lights": _freeze_all,
    "reset_traffic_light_group": _reset,
    "reset_all_traffic_lights": _reset_all,
    "get_group_traffic_lights": _group,
    "get_light_boxes": _heads,
}
