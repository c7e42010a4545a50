"""Who is in the world: actors by id, each with a row of the body table, from spawning to destruction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from driving.server import physics
from driving.server.actor import Actor
from driving.server.blueprints import Blueprint, library, valid
from driving.server.bodies import ATTACHED, INERT, PROP, RIGID, VEHICLE, WALKER, Body, BodyTable
from driving.server.errors import WorldError
from driving.server.friction import half_sizes
from driving.server.solids import NOTHING, NOWHERE, Index, Solids
from driving.server.spawning import is_free
from driving.server.vehicle_model import MODEL_LENGTH
from driving.server.wire import Pose

NO_NAVIGATION = (
    "there is no navigation mesh for walker AI: this map has no pavements, or the server was started with "
    "--no-navigation; steer walkers with WalkerControl"
)
_KINDS = {"vehicle": VEHICLE, "walker": WALKER, "prop": PROP, "sensor": INERT}
_SPECTATOR = Blueprint(0, "spectator", (), "spectator")


class Cast:
    """The actors of one episode after another; `clear` begins each, the first one, too."""

    def __init__(self) -> None:
        self.revision = 0  # grows with every actor that comes or goes
        self._next_id = 1

    def clear(self) -> None:
        """Begin anew with nobody but the spectator; ids go on."""
        self.table = BodyTable()
        self.actors: dict[int, Actor] = {}
        self.navigable = False  # whether walker AI finds its way
        self.peopled = False  # whether there was anybody yet who takes up space
        self.triggers: set[int] = set()  # ids of friction triggers
        self.spectator = self.enter(_SPECTATOR, {}, ((0.0, 0.0, 10.0), (0.0, 0.0, 0.0)))

    @property
    def standing(self) -> tuple[Solids, Index]:
        """What stands where they play, and where."""
        return NOTHING, NOWHERE

    def actor(self, actor_id: int) -> Actor:
        """Look one up.

        Raises:
            WorldError: It is not there.
        """
        try:
            return self.actors[actor_id]
        except (KeyError, TypeError):
            raise WorldError(f"unable to find actor {actor_id}: actor not found") from None

    def body(self, actor_id: int) -> Body:
        """An actor's row, writable in place."""
        return self.table.rows[self.actor(actor_id).row]

    def expect(self, actor_id: int, kind: str) -> Actor:
        """Look an actor of one kind up.

        Raises:
            WorldError: It is not there, or of another kind.
        """
        actor = self.actor(actor_id)
        if actor.blueprint.kind != kind:
            raise WorldError(f"actor {actor_id} ({actor.blueprint.id}) is not a {kind}")
        return actor

    def of_kind(self, kind: str) -> Iterable[Actor]:
        """The actors of one kind, in order of their making."""
        return [actor for actor in self.actors.values() if actor.blueprint.kind == kind]

    def spawn(
        self,
        blueprint_id: str,
        values: Mapping[str, str],
        pose: Pose,
        *,
        parent: int | None = None,
        arm: int = RIGID,
    ) -> Actor:
        """Make an actor.

        Args:
            blueprint_id: What it is.
            values: Its attributes.
            pose: Where; relative to the parent if there is one.
            parent: Whom it is attached to.
            arm: How: RIGID, SPRING_ARM or GHOST_ARM.

        Raises:
            WorldError: In the words of the real server.
        """
        blueprint = library().get(blueprint_id)
        if blueprint is None or not valid(blueprint, values):
            raise WorldError("Spawn failed because of invalid actor description")
        if blueprint.kind == "controller" and not self.navigable:
            raise WorldError(f"Spawn failed: {NO_NAVIGATION}")
        if parent is not None and parent not in self.actors:
            raise WorldError("unable to attach actor: parent actor not found")
        actor = self.enter(blueprint, values, pose, parent, arm=arm)
        if self.table.rows[actor.row]["collides"] and not is_free(self.table, actor.row, *self.standing):
            self._leave(actor)
            raise WorldError("Spawn failed because of collision at spawn position")
        return actor

    def restore(
        self, blueprint_id: str, values: Mapping[str, str], pose: Pose, *, parent: int | None, wanted_id: int
    ) -> Actor:
        """Make an actor as it was recorded: by its id if that is free, and wherever it was.

        Raises:
            WorldError: There is no such blueprint.
        """
        blueprint = library().get(blueprint_id)
        if blueprint is None or not valid(blueprint, values):
            raise WorldError(
                f"the recording has an actor that this server does not know: {blueprint_id[:80]}"
            )
        return self.enter(blueprint, values, pose, parent, wanted_id=wanted_id)

    def destroy(self, actor_id: int) -> list[Actor]:
        """Take an actor and all that is attached to it out of the world.

        Returns:
            Who is gone.

        Raises:
            WorldError: It is not there, or is the spectator.
        """
        actor = self.actor(actor_id)
        if actor is self.spectator:
            raise WorldError("unable to destroy actor: the spectator stays")
        if actor.signal:
            raise WorldError("unable to destroy actor: lights and signs belong to the map")
        gone: list[Actor] = []
        for child in [other.id for other in self.actors.values() if other.parent == actor_id]:
            gone += self.destroy(child)
        self._leave(actor)
        return [*gone, actor]

    def enter(
        self,
        blueprint: Blueprint,
        values: Mapping[str, str],
        pose: Pose,
        parent: int | None = None,
        *,
        wanted_id: int = 0,
        arm: int = RIGID,
    ) -> Actor:
        """Put somebody in, whatever is there already; by the wanted id if that is free."""
        free = wanted_id > 0 and wanted_id not in self.actors
        actor = Actor(
            wanted_id if free else self._next_id, blueprint, self.table.append(), values, parent or 0
        )
        body = self.table.rows[actor.row]
        _fill(body, blueprint, values)
        if blueprint.kind == "trigger":  # its box is what its attributes say
            half = half_sizes(actor)
            actor.box = (0.0, 0.0, 0.0), half
            body["half_length"], body["half_width"], body["half_height"] = half
            self.triggers.add(actor.id)
        if parent is not None:
            body["kind"], body["parent"], body["arm"] = ATTACHED, self.actors[parent].row, arm
            body["arm_yaw"] = self.body(parent)["yaw"]
            body["collides"] = body["simulated"] = body["falls"] = 0.0
        self.put(body, pose)
        self.peopled |= blueprint.is_body
        self._next_id = max(self._next_id, actor.id + 1)
        self.actors[actor.id] = actor
        self.revision += 1
        return actor

    def put(self, body: Body, pose: Pose) -> None:
        """Put a body somewhere, what is attached relative to its parent."""
        names = ("px", "py", "pz", "p_pitch", "p_yaw", "p_roll")
        if body["kind"] != ATTACHED:
            names = ("x", "y", "z", "pitch", "yaw", "roll")
        for name, number in zip(names, (*pose[0], *pose[1]), strict=True):
            body[name] = number
        if body["kind"] == ATTACHED:
            physics.attach(self.table.rows)

    def _leave(self, actor: Actor) -> None:
        del self.actors[actor.id]
        self.triggers.discard(actor.id)
        self.table.remove(actor.row)
        for row, other in enumerate(self.actors.values()):
            other.row = row
        self.revision += 1


def _fill(body: Body, blueprint: Blueprint, values: Mapping[str, str]) -> None:
    """What a row begins with."""
    body["kind"], body["mass"] = _KINDS.get(blueprint.kind, INERT), blueprint.mass
    length, width, height = blueprint.size
    body["half_length"], body["half_width"], body["half_height"] = length / 2, width / 2, height / 2
    body["stand_height"], body["stand_length"] = height / 2, length / 2
    body["centre_z"] = 0.0 if blueprint.kind == "walker" else height / 2
    body["collides"] = body["simulated"] = body["falls"] = float(blueprint.is_body)
    body["scale"] = max(length / MODEL_LENGTH, 0.3)
    body["invincible"] = values.get("is_invincible", "true") == "true"
