"""Maps: which there are, what they hold, loading one and making one."""

from __future__ import annotations

from functools import partial
from typing import Any

from driving.server.atlas import GENERATED_MAP
from driving.server.calls.desk import Calls, Desk
from driving.server.errors import WireError
from driving.server.scenery import EVERY_LAYER
from driving.server.structs import pose_struct
from driving.server.walkways import navigation_file, navigation_name
from driving.server.wire import VOID, value

NAVIGATION = "Nav"  # the folder that a client asks for on its own


def _map_info(desk: Desk) -> Any:
    road_map = desk.world.map
    return value([f"Carla/Maps/{road_map.name}", [pose_struct(pose) for pose in road_map.spawn_points]])


def _names(desk: Desk) -> Any:
    return value([f"/Game/Carla/Maps/{name}" for name in desk.world.atlas.documents])


def _load(desk: Desk, name: str, reset: bool, layers: int) -> Any:
    if not isinstance(name, str):
        raise WireError(f"a map's name is a text, got {repr(name)[:80]}")
    left_out = EVERY_LAYER & ~int(layers)  # what is no number is refused before anything is loaded
    if reset:
        desk.world.reset(name)
    else:
        desk.world.load(name)
    return _show_layers(desk, left_out, on=False)


def _show_layers(desk: Desk, layers: int, *, on: bool) -> Any:
    desk.world.place.show_layers(int(layers), on=on)
    return VOID


def _generate(desk: Desk, xodr: str, _parameters: Any) -> Any:
    desk.world.atlas.add(GENERATED_MAP, xodr)
    return VOID


def _required_files(desk: Desk, folder: str) -> Any:
    """What a client keeps as files: the navigation mesh. The map itself is told by `get_map_data`."""
    wanted = desk.world.navigable and folder == NAVIGATION
    return value([navigation_name(desk.world.map)] if wanted else [])


def _file(desk: Desk, name: str) -> Any:
    found = desk.world.navigable and name == navigation_name(desk.world.map)
    return value(navigation_file(desk.world.map) if found else b"")


def _navigation_mesh(desk: Desk) -> Any:
    return value(navigation_file(desk.world.map) if desk.world.navigable else b"")


CALLS: Calls = {
    "get_map_info": _map_info,
    "get_map_data": lambda desk: value(desk.world.map.xodr),
    "get_available_maps": lambda desk: value(
        [f"/Game/Carla/Maps/{name}" for name in desk.world.atlas.documents]
    ),
    "get_required_files": _required_files,
    "request_file": _file,
    "get_navigation_mesh": _navigation_mesh,
    "load_new_episode": _load,
    "copy_opendrive_to_file": _generate,
    "load_map_layer": partial(_show_layers, on=True),
    "unload_map_layer": partial(_show_layers, on=False),
}
