"""A recording told frame by frame, in cm and CARLA's layout (CarlaRecorderQuery.cpp), which tools parse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driving.server.commands import RELAXED
from driving.server.recording_file import Frame
from driving.server.recording_report import SCENERY, Cast, opened

CENTIMETRES = 100.0  # in a metre
NOBODY = 0xFFFFFFFF  # the id that CARLA gives what is no actor
OTHER, VEHICLE, WALKER, LIGHT, SIGN, SENSOR = range(6)  # FCarlaActor::ActorType
_TYPES = {"vehicle": VEHICLE, "walker": WALKER, "traffic": SIGN, "sensor": SENSOR}  # by family
_LAMPS = {  # of VehicleLightState, in the order in which CARLA names them
    "Position": 1, "LowBeam": 2, "HighBeam": 4, "Brake": 8, "RightBlinker": 16, "LeftBlinker": 32,
    "Reverse": 64, "Interior": 256, "Fog": 128, "Special1": 512, "Special2": 1024,
}  # fmt: skip


def info(path: Path, *, everything: bool) -> str:
    """What happens in a recording: arrivals, departures and collisions, or everything in every frame."""
    lines, frames = opened(path)
    told = _Told()
    for frame in frames:
        told.follow(frame)
        rows = told.events(frame)
        if everything:
            rows += told.states(frame)
        if rows:
            lines += [f"Frame {frames.count} at {frame.time:g} seconds", *rows]
    return "\n".join([*lines, "", *frames.closing()])


@dataclass(slots=True)
class _Told:
    """What is so in a frame, of which the file says only what changed."""

    cast: Cast = field(default_factory=Cast)
    controls: dict[int, Sequence[Any]] = field(default_factory=dict)
    speeds: dict[int, float] = field(default_factory=dict)
    lamps: dict[int, int] = field(default_factory=dict)
    lights: dict[int, list[Any]] = field(default_factory=dict)  # id -> state, frozen, s in it
    time: float = 0.0
    collisions: int = 0

    def follow(self, frame: Frame) -> None:
        """Take in what changed."""
        for light in self.lights.values():
            light[2] += 0.0 if light[1] else frame.time - self.time
        self.time = frame.time
        self.cast.meet(frame)
        for actor_id, *control in frame.controls:
            self.controls[actor_id] = control
        for actor_id, _x, _y, _z, speed, _jump in frame.walks:
            self.speeds[actor_id] = speed
        self.lamps.update((actor_id, flags) for actor_id, flags in frame.lamps)
        for actor_id, _name, state, frozen, elapsed in frame.signals:
            self.lights[actor_id] = [state, frozen, elapsed]

    def events(self, frame: Frame) -> list[str]:
        """Who came, went, was attached, collided."""
        rows: list[str] = []
        places = dict(zip(frame.ids.tolist(), frame.motion[:, :3].tolist(), strict=True))
        for actor_id, blueprint, values, _parent, *pose in frame.created:
            place = _centimetres(places.get(actor_id, pose[:3]))
            rows.append(f" Create {actor_id}: {blueprint} ({_type(blueprint)}) at {place}")
            rows += [f"  {name} = {text}" for name, text in values.items()]
        rows += [f" Destroy {actor_id}" for actor_id in frame.destroyed]
        rows += [
            f" Parenting {actor_id} with {parent} (parent)"
            for actor_id, _blueprint, _values, parent, *_ in frame.created
            if parent
        ]
        for one, other, *_ in frame.collisions:
            rows.append(f" Collision id {self.collisions} between {self._who(one)} with {self._who(other)}")
            self.collisions += 1
        return rows

    def states(self, frame: Frame) -> list[str]:
        """Where everybody is and what everybody does."""
        motion = dict(zip(frame.ids.tolist(), frame.motion.tolist(), strict=True))
        types = {actor_id: _type(self.cast.blueprint.get(actor_id, "")) for actor_id in motion}
        vehicles = [actor_id for actor_id, sort in types.items() if sort == VEHICLE]
        walkers = [actor_id for actor_id, sort in types.items() if sort == WALKER]
        moving = (actor_id for actor_id, sort in types.items() if sort in (VEHICLE, WALKER))
        return [
            *_part("Positions", (_position(i, motion[i]) for i, sort in types.items() if sort != SENSOR)),
            *_part("State traffic lights", (_light(*light) for light in self.lights.items())),
            *_part("Vehicle animations", (_control(i, self.controls.get(i, RELAXED)) for i in vehicles)),
            *_part("Walker animations", (f"{i} speed: {self.speeds.get(i, 0.0):g}" for i in walkers)),
            *_part("Vehicle light animations", (f"{i} {_lit(self.lamps.get(i, 0))}" for i in vehicles)),
            *_part("Dynamic actors", (_velocity(i, motion[i]) for i in moving)),
        ]

    def _who(self, actor: float) -> str:
        actor_id = int(actor)
        hero = " (hero) " if actor_id in self.cast.hero else ""
        return f"{NOBODY if actor_id == SCENERY else actor_id}{hero}"


def _part(name: str, entries: Iterable[str]) -> list[str]:
    rows = [f"  Id: {entry}" for entry in entries]
    return [f" {name}: {len(rows)}", *rows]


def _type(blueprint: str) -> int:
    return LIGHT if blueprint == "traffic.traffic_light" else _TYPES.get(blueprint.split(".")[0], OTHER)


def _centimetres(place: Iterable[float]) -> str:
    return _triple(CENTIMETRES * part for part in place)


def _triple(numbers: Iterable[float]) -> str:
    return f"({', '.join(f'{number:g}' for number in numbers)})"


def _position(actor_id: int, motion: list[float]) -> str:
    pitch, yaw, roll = motion[3:6]
    return f"{actor_id} Location: {_centimetres(motion[:3])} Rotation: {_triple((roll, pitch, yaw))}"


def _velocity(actor_id: int, motion: list[float]) -> str:
    return f"{actor_id} linear_velocity: {_triple(motion[6:9])} angular_velocity: {_triple(motion[9:12])}"


def _light(actor_id: int, light: list[Any]) -> str:
    state, frozen, elapsed = light
    return f"{actor_id} state: {state} frozen: {int(frozen)} elapsedTime: {elapsed:g}"


def _control(actor_id: int, control: Sequence[Any]) -> str:
    throttle, steer, brake, hand_brake, _reverse, _manual, gear = control
    pedals = f"Steering: {steer:g} Throttle: {throttle:g} Brake: {brake:g}"
    return f"{actor_id} {pedals} Handbrake: {int(hand_brake)} Gear: {gear}"


def _lit(flags: int) -> str:
    return " ".join(name for name, flag in _LAMPS.items() if flags & flag) or "None"
