"""The table of supported calls: RPC name -> function of the world. `CALLS` is complete."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from driving.server.batch import run_command
from driving.server.blueprints import library
from driving.server.errors import MapError, WireError, WorldError
from driving.server.structs import (
    actor_struct,
    bounding_box,
    definition,
    physics_control,
    pose_struct,
    read_description,
    read_settings,
    read_vehicle_control,
    read_walker_control,
)
from driving.server.wire import (
    RELEASE,
    VOID,
    WORLD_STREAM,
    failure,
    numbers,
    read_pose,
    read_vector,
    token,
    value,
)
from driving.server.world import CLEAR_NOON, GENERATED_MAP, Settings, World

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Desk:
    """What calls work on: the world, where its streams are, and who announced a TrafficManager."""

    world: World
    stream_port: int
    tick: Callable[[], None]  # advances the world by one frame and sends what it shows
    managers: dict[int, str] = field(default_factory=dict)  # TrafficManager port -> address


def answer(desk: Desk, method: str, arguments: Sequence[Any]) -> Any:
    """Carry out one call and return its envelope; what went wrong is an envelope too."""
    call = CALLS.get(method)
    if call is None:
        return failure(f"'{method}' is not supported by this server")
    try:
        return call(desk, *arguments)
    except (WorldError, MapError) as error:
        return failure(str(error))
    except (WireError, TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        return failure(f"'{method}': arguments not understood: {error}")
    except Exception:  # the border: one client's call must not end the world for the others
        log.exception("'%s' failed", method)
        return failure(f"'{method}' failed inside the server; its log says where")


# Session


def _episode_info(desk: Desk) -> Any:
    return value([desk.world.episode, [token(WORLD_STREAM, desk.stream_port)]])


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


# Map


def _map_info(desk: Desk) -> Any:
    road_map = desk.world.map
    return value([f"Carla/Maps/{road_map.name}", [pose_struct(pose) for pose in road_map.spawn_points]])


def _load(desk: Desk, name: str, reset: bool, _layers: int) -> Any:
    desk.world.load(name)
    if reset:
        desk.world.change_settings(Settings())
        desk.world.weather = CLEAR_NOON
    return VOID


def _generate(desk: Desk, xodr: str, _parameters: Any) -> Any:
    desk.world.add_map(GENERATED_MAP, xodr)
    return VOID


def _project(desk: Desk, location: Any, direction: Any, distance: float) -> Any:
    (x, y, z), (dx, dy, dz) = read_vector(location), read_vector(direction)
    ground = desk.world.height(x, y)  # level from there on, which is true for a look straight down
    along = (ground - z) / dz if dz else -1.0
    if not 0.0 <= along <= distance:
        return value([False, [[0.0, 0.0, 0.0], 0]])
    return value([True, [[x + dx * along, y + dy * along, ground], _ROAD]])


_ROAD = 1  # CityObjectLabel


# Actors


def _definitions(desk: Desk) -> Any:
    return value([definition(blueprint) for blueprint in library().values()])


def _actor_struct(desk: Desk, actor_id: int) -> list[Any]:
    return actor_struct(desk.world.actor(actor_id), desk.stream_port)


def _actors_by_id(desk: Desk, ids: Sequence[int]) -> Any:
    return value([_actor_struct(desk, actor_id) for actor_id in ids if actor_id in desk.world.actors])


def _spawn(desk: Desk, description: Any, pose: Any) -> Any:
    actor = desk.world.spawn(*read_description(description), read_pose(pose))
    return value(actor_struct(actor, desk.stream_port))


def _spawn_attached(
    desk: Desk, description: Any, pose: Any, parent: int, _attachment: int = 0, _socket: str = ""
) -> Any:
    actor = desk.world.spawn(*read_description(description), read_pose(pose), parent=parent)
    return value(actor_struct(actor, desk.stream_port))


def _destroy(desk: Desk, actor_id: int) -> Any:
    desk.world.destroy(actor_id)
    return value(True)


def _box(desk: Desk, actor_id: int) -> Any:
    # Never an error: the TrafficManager asks for actors just destroyed, and an error would abort its process.
    actor = desk.world.actors.get(actor_id)
    return value(bounding_box(actor.blueprint if actor else None))


def _hold_velocity(desk: Desk, actor_id: int, velocity: Any) -> Any:
    desk.world.hold_velocity(actor_id, read_vector(velocity))
    return VOID


def _release_velocity(desk: Desk, actor_id: int) -> Any:
    desk.world.hold_velocity(actor_id, None)
    return VOID


def _set_location(desk: Desk, actor_id: int, location: Any) -> Any:
    desk.world.teleport(actor_id, read_vector(location))
    return VOID


def _set_transform(desk: Desk, actor_id: int, pose: Any) -> Any:
    desk.world.teleport(actor_id, *read_pose(pose))
    return VOID


def _set_velocity(desk: Desk, actor_id: int, velocity: Any) -> Any:
    desk.world.set_velocity(actor_id, read_vector(velocity))
    return VOID


def _set_spin(desk: Desk, actor_id: int, rates: Any) -> Any:
    desk.world.set_spin(actor_id, read_vector(rates)[2])
    return VOID


def _push(desk: Desk, actor_id: int, impulse: Any) -> Any:
    desk.world.push(actor_id, read_vector(impulse))
    return VOID


def _force(desk: Desk, actor_id: int, force: Any) -> Any:
    x, y, z = (part * desk.world.delta for part in read_vector(force))
    desk.world.push(actor_id, (x, y, z))
    return VOID


def _set_simulated(desk: Desk, actor_id: int, on: bool) -> Any:
    desk.world.set_simulated(actor_id, on=on)
    return VOID


def _set_collides(desk: Desk, actor_id: int, on: bool) -> Any:
    desk.world.set_collides(actor_id, on=on)
    return VOID


def _set_falls(desk: Desk, actor_id: int, on: bool) -> Any:
    desk.world.set_falls(actor_id, on=on)
    return VOID


# Vehicles and walkers


def _drive(desk: Desk, actor_id: int, control: Any) -> Any:
    desk.world.drive(actor_id, read_vehicle_control(control))
    return VOID


def _walk(desk: Desk, actor_id: int, control: Any) -> Any:
    direction, speed, jump = read_walker_control(control)
    desk.world.walk(actor_id, direction, speed, jump=jump)
    return VOID


def _physics(desk: Desk, actor_id: int) -> Any:
    return value(physics_control(desk.world.actor(actor_id)))


def _set_physics(desk: Desk, actor_id: int, content: list[Any]) -> Any:
    desk.world.actor(actor_id).physics = content  # shown again, but the motion tables are not changed by it
    return VOID


def _lights(desk: Desk, actor_id: int) -> Any:
    return value([desk.world.actor(actor_id).lights])


def _set_lights(desk: Desk, actor_id: int, content: Any) -> Any:
    desk.world.set_lights(actor_id, int(content[0]))
    return VOID


def _all_lights(desk: Desk) -> Any:
    return value([[actor.id, actor.lights] for actor in desk.world.of_kind("vehicle")])


def _wheel_angle(desk: Desk, actor_id: int, _wheel: int) -> Any:
    return value(float(desk.world.body(actor_id)["wheel"]) * 70.0)


# Batches, weather, TrafficManager registry


def _batch(desk: Desk, commands: Any, tick: bool) -> Any:
    done = [run_command(desk.world, command) for command in commands]
    if tick and desk.world.settings.synchronous:
        desk.tick()
    return done


def _set_weather(desk: Desk, content: Any) -> Any:
    desk.world.weather = numbers(content, len(CLEAR_NOON))
    return VOID


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


def _accepted(desk: Desk, *_: Any) -> Any:
    """A call without effect on this world, which a client may make all the same."""
    return VOID


def _nothing(desk: Desk, *_: Any) -> Any:
    """A question to which this world's answer is an empty list."""
    return value([])


CALLS: dict[str, Callable[..., Any]] = {
    "version": lambda desk: value(RELEASE.version),
    "get_episode_info": _episode_info,
    "get_episode_settings": _settings,
    "set_episode_settings": _set_settings,
    "tick_cue": _tick,
    "get_sensor_token": lambda desk, stream: value([token(stream, desk.stream_port)]),
    "get_map_info": _map_info,
    "get_map_data": lambda desk: value(desk.world.map.xodr),
    "get_available_maps": lambda desk: value([f"/Game/Carla/Maps/{name}" for name in desk.world.documents]),
    "get_required_files": _nothing,
    "get_navigation_mesh": lambda desk: value(b""),
    "load_new_episode": _load,
    "copy_opendrive_to_file": _generate,
    "load_map_layer": _accepted,
    "unload_map_layer": _accepted,
    "get_all_level_BBs": _nothing,
    "get_environment_objects": _nothing,
    "get_names_of_all_objects": _nothing,
    "project_point": _project,
    "cast_ray": _nothing,
    "get_actor_definitions": _definitions,
    "get_spectator": lambda desk: value(_actor_struct(desk, desk.world.spectator.id)),
    "get_actors_by_id": _actors_by_id,
    "spawn_actor": _spawn,
    "spawn_actor_with_parent": _spawn_attached,
    "destroy_actor": _destroy,
    "get_actor_bounding_box": _box,
    "set_actor_location": _set_location,
    "set_actor_transform": _set_transform,
    "set_actor_target_velocity": _set_velocity,
    "set_actor_target_angular_velocity": _set_spin,
    "enable_actor_constant_velocity": _hold_velocity,
    "disable_actor_constant_velocity": _release_velocity,
    "add_actor_impulse": _push,
    "add_actor_force": _force,
    "set_actor_simulate_physics": _set_simulated,
    "set_actor_collisions": _set_collides,
    "set_actor_enable_gravity": _set_falls,
    "apply_control_to_vehicle": _drive,
    "get_physics_control": _physics,
    "apply_physics_control": _set_physics,
    "get_vehicle_light_state": _lights,
    "set_vehicle_light_state": _set_lights,
    "get_vehicle_light_states": _all_lights,
    "get_wheel_steer_angle": _wheel_angle,
    "set_actor_autopilot": _accepted,  # the client's TrafficManager does the driving
    "apply_control_to_walker": _walk,
    "freeze_all_traffic_lights": _accepted,
    "reset_all_traffic_lights": _accepted,
    "apply_batch": _batch,
    "get_weather_parameters": lambda desk: value(list(desk.world.weather)),
    "set_weather_parameters": _set_weather,
    "query_lights_state": _nothing,
    "update_lights_state": _accepted,
    "update_day_night_cycle": _accepted,
    "draw_debug_shape": _accepted,
    "clear_debug_shape": _accepted,
    "clear_debug_string": _accepted,
    "is_traffic_manager_running": _is_managed,
    "get_traffic_manager_running": _manager,
    "add_traffic_manager_running": _add_manager,
    "destroy_traffic_manager": _remove_manager,
    "is_sensor_enabled_for_ros": lambda desk, stream: value(False),
}
