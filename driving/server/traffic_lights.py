"""Traffic lights at work: turns of a crossing's lights, timed or frozen, and which vehicle obeys which.

As in CARLA, a crossing's lights take turns: one phase is green, then yellow, then all are red, then the next
one is green. A state that a client sets lasts until the light's own turn changes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driving.server.bodies import VEHICLE, Bodies
from driving.server.signals import Phases, StopBox

RED, YELLOW, GREEN, OFF = range(4)  # TrafficLightState
GREEN_TIME, YELLOW_TIME, RED_TIME = 10.0, 3.0, 2.0  # s, CARLA's
_TURN = (GREEN, YELLOW, RED)  # what a phase does before the next one's turn


@dataclass(slots=True)
class Phase:
    """Lights that change together, and for how long; s."""

    green: float = GREEN_TIME
    yellow: float = YELLOW_TIME
    red: float = RED_TIME

    def duration(self, state: int) -> float:
        """Of a state, s."""
        return {GREEN: self.green, YELLOW: self.yellow}.get(state, self.red)


@dataclass(slots=True)
class Light:
    """One traffic light."""

    actor: int
    phase: Phase
    crossing: Crossing
    number: int  # among its crossing's
    state: int = RED
    elapsed: float = 0.0  # s in this state

    def show(self, state: int) -> None:
        """Change to a state; its time starts anew."""
        self.state, self.elapsed = state, 0.0


@dataclass(slots=True)
class Crossing:
    """Lights that take turns."""

    phases: list[tuple[Phase, list[Light]]] = field(default_factory=list)
    turn: int = 0
    stage: int = 0  # in _TURN
    waited: float = 0.0  # s in this stage
    frozen: bool = False

    @property
    def lights(self) -> Iterator[Light]:
        """All of them, phase by phase."""
        return (light for _, lights in self.phases for light in lights)

    def reset(self) -> None:
        """Begin anew with the first phase's green."""
        self.turn, self.stage, self.waited = 0, 0, 0.0
        for light in self.lights:
            light.show(RED)
        self._show()

    def advance(self, delta: float) -> None:
        """Let `delta` seconds pass."""
        if self.frozen:
            return
        self.waited += delta
        for light in self.lights:
            light.elapsed += delta
        phase, _ = self.phases[self.turn]
        if self.waited >= phase.duration(_TURN[self.stage]) - 1e-6:
            self.waited = 0.0
            self.stage = (self.stage + 1) % len(_TURN)
            if self.stage == 0:
                self.turn = (self.turn + 1) % len(self.phases)
            self._show()

    def _show(self) -> None:
        for light in self.phases[self.turn][1]:
            light.show(_TURN[self.stage])


class TrafficLights:
    """A map's lights by actor id, and the boxes in which they count."""

    def __init__(
        self, crossings: Sequence[Phases], actors: Mapping[str, int], stops: Mapping[int, Sequence[StopBox]]
    ) -> None:
        """Start every crossing with its first phase.

        Args:
            crossings: Signal ids in their turns.
            actors: Actor ids by signal id.
            stops: Each light's stop boxes, by actor id.
        """
        self.by_actor: dict[int, Light] = {}
        self.crossings = [self._crossing(phases, actors) for phases in crossings]
        boxes = [(actor, box) for actor, found in stops.items() for box in found]
        self._owner = np.array([actor for actor, _ in boxes], np.int64)
        self._boxes = np.array(
            [[*box.centre, math.radians(box.yaw), *box.half] for _, box in boxes], float
        ).reshape(-1, 7)

    def advance(self, delta: float) -> None:
        """Let `delta` seconds pass."""
        for crossing in self.crossings:
            crossing.advance(delta)

    def reset(self) -> None:
        """Begin anew at every crossing."""
        for crossing in self.crossings:
            crossing.reset()

    def freeze(self, *, on: bool) -> None:
        """Stop or restart the clocks of all crossings."""
        for crossing in self.crossings:
            crossing.frozen = on

    def facing(self, bodies: Bodies) -> dict[int, int]:
        """Which vehicles stand or drive in a stop box: row of the vehicle -> the light's actor id.

        A vehicle is in a box if its front, middle or back is, and if it goes that way.
        """
        rows = np.flatnonzero(bodies["kind"] == VEHICLE) if len(self._owner) else np.zeros(0, np.int64)
        if not len(rows):
            return {}
        inside = self._inside(bodies[rows])
        return {
            int(row): int(self._owner[np.argmax(hit)])
            for row, hit in zip(rows, inside, strict=True)
            if hit.any()
        }

    def _inside(self, vehicles: Bodies) -> NDArray[np.bool_]:
        """(vehicles, boxes)."""
        yaw = np.radians(vehicles["yaw"])
        way = np.stack([np.cos(yaw), np.sin(yaw)], axis=1)
        reach = vehicles["half_length"][:, None] * np.array([-1.0, 0.0, 1.0])  # (v, 3)
        x = vehicles["x"][:, None] + reach * way[:, :1]
        y = vehicles["y"][:, None] + reach * way[:, 1:]
        cx, cy, cz, turn, along, across, up = self._boxes.T
        dx, dy = x[:, :, None] - cx, y[:, :, None] - cy  # (v, 3, boxes)
        c, s = np.cos(turn), np.sin(turn)
        inside = (np.abs(dx * c + dy * s) <= along) & (np.abs(dy * c - dx * s) <= across)
        level = np.abs(vehicles["z"][:, None] - cz) <= up
        forward = way[:, :1] * c + way[:, 1:] * s > 0.0
        return np.asarray(inside.any(axis=1) & level & forward)

    def _crossing(self, phases: Phases, actors: Mapping[str, int]) -> Crossing:
        crossing = Crossing()
        for names in phases:
            phase = Phase()
            lights = []
            for name in names:
                light = Light(actors[name], phase, crossing, len(self.by_actor))
                self.by_actor[light.actor] = light
                lights.append(light)
            crossing.phases.append((phase, lights))
        for number, light in enumerate(crossing.lights):
            light.number = number
        crossing.reset()
        return crossing
