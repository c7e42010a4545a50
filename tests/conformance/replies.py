"""What a server replies to each call of a fixed session, in a form that two servers can be compared by.

`python tests/conformance/replies.py HOST:PORT > other.json`, then diff it with replies.json beside this file.
Long lists are cut to their first item and their length, bytes to their length, ids and frames to a word.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from typing import Any

import msgpack

CAR = "vehicle.tesla.model3"
SYNCHRONOUS = [True, False, [True, 0.05], True, 0.01, 10, 0.0, True, 3000.0, 2000.0, True]
VOLATILE = (
    "get_episode_info",
    "set_episode_settings",
    "tick_cue",
    "get_sensor_token",
    "get_spectator",
    "get_actors_by_id",
)  # only their shape counts
LONGEST, LONGEST_TEXT = 12, 200  # items of a list, and characters of a text, that are kept

Ask = Callable[..., Any]


def record(host: str, port: int) -> dict[str, Any]:
    """Every reply by its call, in the order of the session."""
    with socket.create_connection((host, port), timeout=60.0) as sock:
        return dict(_session(_asker(sock)))


def shape(reply: Any) -> Any:
    """The types of a reply, without its values; of a list the first item's."""
    if isinstance(reply, list):
        return [shape(item) for item in reply[:1]]
    return (
        "number" if isinstance(reply, (int, float)) and not isinstance(reply, bool) else type(reply).__name__
    )


def _session(ask: Ask) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    actor = 0

    def note(method: str, *arguments: Any) -> Any:
        reply = ask(method, *arguments)
        kept = shape(reply) if method in VOLATILE else _short(reply, actor)
        found.append((method, kept))
        return reply

    note("version")
    ask("load_new_episode", "", True, 0)
    note("load_new_episode", "nowhere", False, 0)
    for method in ("get_episode_info", "get_episode_settings", "get_map_info", "get_available_maps"):
        note(method)
    note("set_episode_settings", SYNCHRONOUS)
    note("get_required_files", "Nav")
    definitions = note("get_actor_definitions")[0][1]
    attributes = next(each[3] for each in definitions if each[1] == CAR)
    description = [0, CAR, [[each[0], each[1], each[2]] for each in attributes]]
    start = ask("get_map_info")[0][1][1][0]
    actor = ask("spawn_actor", description, start)[0][1][0]
    note("get_actors_by_id", [actor])
    note("tick_cue")
    note("get_actor_bounding_box", actor)
    note("get_vehicle_light_state", actor)
    note("get_vehicle_light_states")
    note("apply_control_to_vehicle", actor, [0.5, 0.0, 0.0, False, False, False, 0])
    note("apply_batch", [[[1, [actor]]], [[1, [actor]]]], False)
    note("destroy_actor", actor)
    note("spawn_actor", [0, "vehicle.no.such", []], start)
    note("get_map_data")
    note("freeze_all_traffic_lights", False)
    note("get_weather_parameters")
    note("is_traffic_manager_running", 8000)
    note("get_spectator")
    note("get_sensor_token", 1)
    ask("load_new_episode", "", True, 0)
    return found


def _short(reply: Any, actor: int) -> Any:
    """A reply as JSON that two servers can agree on."""
    if isinstance(reply, bytes):
        return f"<{len(reply)} bytes>"
    if isinstance(reply, str) and len(reply) > LONGEST_TEXT:
        return f"<{len(reply)} characters>"
    if isinstance(reply, str):
        return reply.replace(f"actor {actor}:", "actor <actor>:") if actor else reply
    if isinstance(reply, bool) or reply is None:
        return reply
    if isinstance(reply, float):
        return round(reply, 4)
    if isinstance(reply, int):
        return "<actor>" if reply == actor and actor else reply
    items = [_short(item, actor) for item in reply]
    return items if len(items) <= LONGEST else [items[0], f"<{len(items)} items>"]


def _asker(sock: socket.socket) -> Ask:
    unpacker = msgpack.Unpacker(raw=False, max_buffer_size=1 << 28)

    def ask(method: str, *arguments: Any) -> Any:
        sock.sendall(msgpack.packb([0, 1, method, [[False], *arguments]]))
        while True:
            for answer in unpacker:
                return answer[3]
            data = sock.recv(1 << 16)
            if not data:
                raise ConnectionError(f"the server closed the connection at {method}")
            unpacker.feed(data)

    return ask


if __name__ == "__main__":
    where, _, number = sys.argv[1].rpartition(":")
    print(json.dumps(record(where, int(number)), indent=1, sort_keys=True))
