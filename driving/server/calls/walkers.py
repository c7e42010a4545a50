"""Walkers: where they walk."""

from __future__ import annotations

from typing import Any

from driving.server import commands
from driving.server.calls.desk import Calls, Desk
from driving.server.structs import read_walker_control
from driving.server.wire import VOID


def _walk(desk: Desk, actor_id: int, control: Any) -> Any:
    direction, speed, jump = read_walker_control(control)
    commands.walk(desk.world, actor_id, direction, speed, jump=jump)
    return VOID


CALLS: Calls = {
    "apply_control_to_walker": _walk,
}
