"""What burns in a scene: the lamps of vehicles, streets and traffic lights: surfaces, beams and glares."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from driving.server.render import lamps
from driving.server.render import surfaces as s
from driving.server.render.arrays import Triple
from driving.server.render.glare import COLUMNS as GLARE_COLUMNS
from driving.server.render.planting import LAMP_HEAD, LAMP_SLOT
from driving.server.render.shape import Shape
from driving.server.render.signage import glare_of, relit
from driving.server.render.stage import Stage
from driving.server.render.vehicle_lights import beams, glares, repainted

STREET_RANGE = 24.0  # m
STREET_GLARE = 0.9  # m

NOTHING = np.zeros((0, GLARE_COLUMNS))

Rows = NDArray[np.float64]


class Shining:
    """The lamps that burn."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._posts: dict[int, tuple[int, Shape]] = {}  # street lamps by number: row and shape
        self._street: dict[int, Triple] = {}  # those that burn: light straight below, at 1 m
        self._vehicles: dict[int, tuple[int, Shape, int]] = {}  # by actor: row, shape, flags
        self._painted: dict[int, bytes] = {}
        self._signals: dict[int, tuple[int, Shape]] = {}  # traffic lights' heads, likewise
        self._burning: dict[int, int] = {}  # heads with a burning lamp: which one
        self._signal_glares: tuple[float, Rows] | None = None  # strength, and the rows; None: made anew
        self._seconds = 0.0

    def plant(self, number: int, row: int, shape: Shape) -> None:
        """Note a street lamp."""
        self._posts[number] = row, shape

    def hang(self, number: int, row: int, shape: Shape) -> None:
        """Note a traffic light's head."""
        self._signals[number] = row, shape

    def show_signals(self, lamps: Mapping[int, int]) -> None:
        """Burn these lamps, by the head's number (0 red, 1 yellow, 2 green), and no others of heads."""
        changed = {
            number
            for number in self._signals.keys() & (self._burning.keys() | lamps.keys())
            if self._burning.get(number) != lamps.get(number)
        }
        for number in changed:
            row, shape = self._signals[number]
            self._stage.repaint(row, relit(shape.surfaces, lamps.get(number)))
        if changed:
            self._burning = {number: lamp for number, lamp in lamps.items() if number in self._signals}
            self._signal_glares = None

    def look_again(self) -> None:
        """Heads were hidden or shown."""
        self._signal_glares = None

    def light_street(self, colours: Mapping[int, Triple]) -> None:
        """Burn these street lamps and no others; colours as light at 1 m, linear."""
        for number in self._posts.keys() & (self._street.keys() | colours.keys()):
            row, shape = self._posts[number]
            painted = shape.surfaces.copy()
            if number in colours:
                bright = np.array(colours[number])
                painted[LAMP_SLOT, s.KIND] = s.GLOW
                painted[LAMP_SLOT, s.RED : s.BLUE + 1] = np.minimum(bright / (bright.max() + 1e-9) * 1.2, 1.0)
            self._stage.repaint(row, painted)
        self._street = {number: colour for number, colour in colours.items() if number in self._posts}

    def switch(self, actor_id: int, row: int, shape: Shape, flags: int) -> None:
        """Set a vehicle's lights; CARLA's VehicleLightState."""
        self._vehicles[actor_id] = row, shape, flags
        self._repaint(actor_id)
        if not flags:
            self.forget(actor_id)

    def forget(self, actor_id: int) -> None:
        """A vehicle has gone, or its lights are out."""
        self._vehicles.pop(actor_id, None)
        self._painted.pop(actor_id, None)

    def set_time(self, seconds: float) -> None:
        """Let indicators and beacons blink; `seconds` is simulated time."""
        self._seconds = seconds
        for actor_id in self._vehicles:
            self._repaint(actor_id)

    def beams(self, strength: float) -> Rows:
        """Rows of `lamps` (n, COLUMNS); `strength` by the eye's adaption, 0 by day to 1 by night."""
        rows = [
            row
            for line, shape, flags in self._vehicles.values()
            for row in beams(shape.lamps, self._stage.objects.pose[line], flags, self._seconds, line)
        ]
        for number, colour in self._street.items():
            line = self._posts[number][0]
            if self._stage.objects.levels[line]:
                rows.append([*self._head(line), 0.0, 0.0, -1.0, *colour, STREET_RANGE, lamps.STREET, -1.0])
        table = np.array(rows).reshape(-1, lamps.COLUMNS)
        table[:, lamps.COLOUR : lamps.COLOUR + 3] *= strength
        return table

    def glares(self, strength: float) -> Rows:
        """Rows of `glare` (n, COLUMNS); `strength` as for `beams`."""
        signals = self._glares_of_signals(strength) if self._burning else NOTHING
        if not self._vehicles and not self._street:
            return signals
        rows = [
            row
            for line, shape, flags in self._vehicles.values()
            for row in glares(shape.lamps, self._stage.objects.pose[line], flags, self._seconds)
        ]
        for number, colour in self._street.items():
            line = self._posts[number][0]
            if self._stage.objects.levels[line]:
                share = np.array(colour) / (max(colour) + 1e-9) * 0.75
                rows.append([*self._head(line), 0.0, 0.0, 0.0, *share, STREET_GLARE])
        table = np.array(rows).reshape(-1, GLARE_COLUMNS)
        table[:, 6:9] *= strength
        return np.concatenate([table, signals]) if len(signals) else table

    def _glares_of_signals(self, strength: float) -> Rows:
        """The rows of `glares` that stay the same while no traffic light changes."""
        if self._signal_glares is None or self._signal_glares[0] != strength:
            objects = self._stage.objects
            rows = [
                glare_of(objects.pose[line], lamp)
                for line, lamp in ((self._signals[number][0], lamp) for number, lamp in self._burning.items())
                if objects.levels[line]
            ]
            table = np.array(rows).reshape(-1, GLARE_COLUMNS)
            table[:, 6:9] *= strength
            self._signal_glares = strength, table
        return self._signal_glares[1]

    def _head(self, line: int) -> Rows:
        pose = self._stage.objects.pose[line]
        return pose[:, :3] @ np.array(LAMP_HEAD) + pose[:, 3]

    def _repaint(self, actor_id: int) -> None:
        row, shape, flags = self._vehicles[actor_id]
        painted = repainted(shape.surfaces, shape.lamps, flags, self._seconds)
        key = painted.tobytes()
        if self._painted.get(actor_id) != key:
            self._painted[actor_id] = key
            self._stage.repaint(row, painted)
