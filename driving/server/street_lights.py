"""Street lamps as CARLA's LightManager knows them: on and off, colour, intensity; dusk and dawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from driving.server.render.planting import LAMP, LAMP_HEAD
from driving.server.render.street import Placed
from driving.server.render.surfaces import linear
from driving.server.wire import Vector, numbers

STREET = 2  # carla.LightGroup
WARM_WHITE = (255, 226, 180)  # sRGB
FULL = 5000.0  # lm, a lamp's intensity unless a client says otherwise
AT_ONE_METRE = 75.0  # linear light that a lamp of full intensity gives straight below
LIT_BELOW = 5.0  # degrees of the sun's altitude


@dataclass(frozen=True, slots=True)
class StreetLight:
    """One lamp: carla.LightState with its number and place."""

    id: int
    place: Vector  # m
    intensity: float = FULL  # lm
    colour: tuple[int, int, int] = WARM_WHITE  # sRGB
    active: bool = False
    group: int = STREET

    @property
    def light(self) -> Vector:
        """Linear light at 1 m."""
        red, green, blue = linear(np.array(self.colour, float)) * AT_ONE_METRE * self.intensity / FULL
        return float(red), float(green), float(blue)


class StreetLights:
    """A street's lamps."""

    def __init__(self, placed: Iterable[Placed], sun_altitude: float) -> None:
        self._lamps = {lamp.id: lamp for lamp in map(_lamp, (one for one in placed if one.shape.key == LAMP))}
        self._automatic = True
        self._dark = False
        self.revision = 0  # grows with every change
        self.follow(sun_altitude)

    @property
    def lamps(self) -> Sequence[StreetLight]:
        """All of them, in the order of their numbers."""
        return tuple(self._lamps.values())

    def follow(self, sun_altitude: float) -> None:
        """Switch all lamps at dusk and at dawn, as long as nobody has switched that off."""
        dark = sun_altitude < LIT_BELOW
        if dark != self._dark and self._automatic:
            self.change({lamp.id: replace(lamp, active=dark) for lamp in self.lamps})
        self._dark = dark

    def switch_with_the_day(self, *, on: bool) -> None:
        """Let `follow` act, or not."""
        self._automatic = on

    def change(self, lamps: Mapping[int, StreetLight]) -> None:
        """Replace lamps by their numbers; unknown ones are left out."""
        self._lamps.update({number: lamp for number, lamp in lamps.items() if number in self._lamps})
        self.revision += 1

    def shining(self) -> dict[int, Vector]:
        """Linear light at 1 m of those that burn, by number."""
        return {lamp.id: lamp.light for lamp in self.lamps if lamp.active and lamp.intensity > 0.0}

    def structs(self) -> list[list[Any]]:
        """LightState of each."""
        return [
            [lamp.id, list(lamp.place), lamp.intensity, lamp.group, list(lamp.colour), lamp.active]
            for lamp in self.lamps
        ]

    def read(self, structs: Sequence[Any]) -> None:
        """Adopt LightStates; where a lamp stands is not theirs to say."""
        changed = {}
        for number, _, intensity, group, colour, active in structs:
            lamp = self._lamps.get(number)
            if lamp is not None:
                red, green, blue = (min(max(int(part), 0), 255) for part in colour)
                bright = max(numbers([intensity], 1)[0], 0.0)
                changed[lamp.id] = StreetLight(
                    lamp.id, lamp.place, bright, (red, green, blue), bool(active), int(group)
                )
        self.change(changed)


def _lamp(placed: Placed) -> StreetLight:
    x, y, z = (placed.pose[:, :3] @ np.array(LAMP_HEAD) + placed.pose[:, 3]).tolist()
    return StreetLight(placed.thing, (x, y, z))
