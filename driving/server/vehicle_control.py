"""What a driver and a mechanic do to a vehicle: its pedals, its gear, its physics control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from driving.server.actor import Actor
from driving.server.bodies import Body
from driving.server.errors import WorldError
from driving.server.physics_control import AUTOMATIC, PhysicsControl, standard, tune


def press(actor: Actor, body: Body, control: Sequence[Any]) -> None:
    """Set a vehicle's pedals, steering and gear; `control` as in `commands.drive`."""
    throttle, steer, brake, hand_brake, reverse, manual, gear = control
    body["throttle"] = min(max(throttle, 0.0), 1.0)
    body["brake"] = min(max(brake, 0.0), 1.0)
    body["steer"] = min(max(steer, -1.0), 1.0)
    body["hand_brake"] = hand_brake
    body["reverse"] = gear < 0 if manual else reverse
    before = gear_by_hand(actor)
    actor.control = (
        throttle, steer, brake, hand_brake, reverse, manual, gear if manual else (-1 if reverse else 1),
    )  # fmt: skip
    if gear_by_hand(actor) != before:
        _tune(actor, body)


def gear_by_hand(actor: Actor) -> int | None:
    """The gear that a vehicle's driver has engaged; None: the box chooses."""
    manual, gear = actor.control[5:]
    return gear if manual else None


def physics_of(actor: Actor) -> PhysicsControl:
    """A vehicle's physics control."""
    return actor.physics or standard(actor.blueprint)


def set_physics(actor: Actor, body: Body, control: PhysicsControl) -> None:
    """Have a vehicle move as a physics control says; its wheels stay where they are.

    Raises:
        WorldError: It is of a vehicle with another number of wheels.
    """
    own = standard(actor.blueprint).wheels
    if len(control.wheels) != len(own):
        raise WorldError(f"{actor.blueprint.id} has {len(own)} wheels, got {len(control.wheels)}")
    wheels = [replace(wheel, place=usual.place) for wheel, usual in zip(control.wheels, own, strict=True)]
    actor.physics = replace(control, wheels=tuple(wheels))
    _tune(actor, body)


def set_friction(actor: Actor, body: Body, friction: float | None) -> None:
    """Give a vehicle's tyres a friction, or their own again."""
    actor.friction = friction
    _tune(actor, body)


def _tune(actor: Actor, body: Body) -> None:
    gear, control = gear_by_hand(actor), physics_of(actor)
    if actor.friction is not None:
        control = replace(
            control, wheels=tuple(replace(wheel, friction=actor.friction) for wheel in control.wheels)
        )
    tune(body, control, standard(actor.blueprint), AUTOMATIC if gear is None else gear)
