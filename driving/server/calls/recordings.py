"""Recorder and replayer."""

from __future__ import annotations

from typing import Any

from driving.server.calls.desk import Calls, Desk
from driving.server.recorder import Recorder
from driving.server.recording_file import place
from driving.server.recording_info import info
from driving.server.recording_report import blocked, collisions, text_or_reason
from driving.server.replayer import Replay, Wanted
from driving.server.wire import VOID, numbers, read_pose, value

LARGEST_FACTOR = 100.0


def _start(desk: Desk, name: str, _additional: bool = False) -> Any:
    """Everything is always recorded, additional data or not."""
    world = desk.world
    world.end_recording()
    world.recorder = Recorder(world, place(desk.recordings, name))
    return value(str(world.recorder.path))


def _stop(desk: Desk) -> Any:
    desk.world.end_recording()
    return VOID


def _info(desk: Desk, name: str, everything: bool = False) -> Any:
    return value(text_or_reason(lambda: info(place(desk.recordings, name), everything=bool(everything))))


def _collisions(desk: Desk, name: str, first: Any, second: Any) -> Any:
    sorts = [chr(sort) if isinstance(sort, int) else str(sort) for sort in (first, second)]
    return value(text_or_reason(lambda: collisions(place(desk.recordings, name), *sorts)))


def _blocked(desk: Desk, name: str, least_time: float, least_distance: float) -> Any:
    time, distance = numbers([least_time, least_distance], 2)
    return value(text_or_reason(lambda: blocked(place(desk.recordings, name), time, distance)))


def _replay(
    desk: Desk,
    name: str,
    start: float,
    duration: float,
    follow: int,
    sensors: bool = False,
    offset: Any = None,
) -> Any:
    begin, length = numbers([start, duration], 2)
    pose = None if offset is None else read_pose(offset)
    if pose is not None and not any((*pose[0], *pose[1])):
        pose = None
    wanted = Wanted(begin, length, int(follow), sensors=bool(sensors), offset=pose)
    path = place(desk.recordings, name)
    _end_replay(desk, keep=True)

    def begin_replay() -> str:
        replay = Replay(desk.world, path, wanted)
        desk.world.replay = replay
        return f"Replaying File: {path}\n\nReplaying from {replay.start:g} s to {replay.end:g} s\n"

    return value(text_or_reason(begin_replay))


def _stop_replay(desk: Desk, keep: bool = True) -> Any:
    _end_replay(desk, keep=bool(keep))
    return VOID


def _end_replay(desk: Desk, *, keep: bool) -> None:
    if desk.world.replay is not None:
        desk.world.replay.finish(desk.world, keep=keep)
        desk.world.replay = None


def _factor(desk: Desk, factor: Any) -> Any:
    found = numbers([factor], 1)[0]
    desk.world.replay_settings.factor = min(max(found, 0.0), LARGEST_FACTOR)
    return VOID


def _ignore_hero(desk: Desk, on: bool) -> Any:
    desk.world.replay_settings.ignore_hero = bool(on)
    return VOID


def _ignore_spectator(desk: Desk, on: bool) -> Any:
    desk.world.replay_settings.ignore_spectator = bool(on)
    return VOID


CALLS: Calls = {
    "start_recorder": _start,
    "stop_recorder": _stop,
    "show_recorder_file_info": _info,
    "show_recorder_collisions": _collisions,
    "show_recorder_actors_blocked": _blocked,
    "replay_file": _replay,
    "stop_replayer": _stop_replay,
    "set_replayer_time_factor": _factor,
    "set_replayer_ignore_hero": _ignore_hero,
    "set_replayer_ignore_spectator": _ignore_spectator,
}
