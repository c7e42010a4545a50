"""Maps: which there are, what they hold, loading one and making one."""

from __future__ import annotations

from typing import Any

from driving.server.atlas import GENERATED_MAP
from driving.server.calls.desk import Calls, Desk, accepted, no_bytes, nothing
from driving.server.errors import WireError
from driving.server.structs import pose_struct
from driving.server.wire import VOID, value


def _map_info(desk: Desk) -> Any:
    road_map = desk.world.map
    return value([f"Carla/Maps/{road_map.name}", [pose_struct(pose) for pose in road_map.spawn_points]])


def _names(desk: Desk) -> Any:
    return value([f"/Game/Carla/Maps/{name}" for name in desk.world.atlas.documents])


def _load(desk: Desk, name: str, reset: bool, _layers: int) -> Any:
    if not isinstance(name, str):
        raise WireError(f"a map's name is a text, got {repr(name)[:80]}")
    if reset:
        desk.world.reset(name)
    else:
        desk.world.load(name)
    return VOID


def _generate(desk: Desk, xodr: str, _parameters: Any) -> Any:
    desk.world.atlas.add(GENERATED_MAP, xodr)
    return VOID


CALLS: Calls = {
    "get_map_info": _map_info,
    "get_map_data": lambda desk: value(desk.world.map.xodr),
    "get_available_maps": lambda desk: value(
        [f"/Game/Carla/Maps/{name}" for name in desk.world.atlas.documents]
    ),
    "get_required_files": nothing,
    "get_navigation_mesh": no_bytes,
    "load_new_episode": _load,
    "copy_opendrive_to_file": _generate,
    "load_map_layer": accepted,
    "unload_map_layer": accepted,
}
