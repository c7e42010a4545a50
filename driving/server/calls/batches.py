"""Batches of commands, and the registry of TrafficManagers that send most of them."""

from __future__ import annotations

from typing import Any

from driving.server.batch import run_command
from driving.server.calls.desk import Calls, Desk
from driving.server.wire import value


def _batch(desk: Desk, commands: Any, tick: bool) -> Any:
    done = [run_command(desk.world, command) for command in commands]
    if tick and desk.world.settings.synchronous:
        desk.tick()
    return done


def _is_managed(desk: Desk, port: int) -> Any:
    return value(port in desk.managers)


def _manager(desk: Desk, port: int) -> Any:
    return value([desk.managers.get(port, ""), port if port in desk.managers else 0])


def _add_manager(desk: Desk, address: Any) -> Any:
    host, port = address
    fresh = port not in desk.managers
    desk.managers.setdefault(port, host)
    return value(fresh)


def _remove_manager(desk: Desk, port: int) -> Any:
    return value(desk.managers.pop(port, None) is not None)


CALLS: Calls = {
    "apply_batch": _batch,
    "is_traffic_manager_running": _is_managed,
    "get_traffic_manager_running": _manager,
    "add_traffic_manager_running": _add_manager,
    "destroy_traffic_manager": _remove_manager,
}
