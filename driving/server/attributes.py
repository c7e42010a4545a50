"""One property of a blueprint: its type and default as CARLA lists them, and what values can be used."""

from __future__ import annotations

from dataclasses import dataclass

BOOL, INT, FLOAT, STRING, COLOUR = 1, 2, 3, 4, 5  # ActorAttributeType

LARGEST_IMAGE = 4096  # pixels along one side
LARGEST = 1e9  # of any number
_LIMITS = {  # smallest and largest value of what costs memory or time, or has no meaning elsewhere
    "image_size_x": (1, LARGEST_IMAGE),
    "image_size_y": (1, LARGEST_IMAGE),
    "fov": (1.0, 179.0),
    "channels": (1, 1024),
    "points_per_second": (0, 5_000_000),
    "horizontal_fov": (0.0, 360.0),
    "friction": (0.0, 1000.0),
    "vertical_fov": (0.0, 179.0),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One property of a blueprint."""

    id: str
    type: int
    value: str
    recommended: tuple[str, ...] = ()  # begins with `value`; of an attribute that is modifiable never empty
    modifiable: bool = True

    def __post_init__(self) -> None:
        """Recommend the default where nothing else is, as CARLA does."""
        if self.modifiable and not self.recommended:
            object.__setattr__(self, "recommended", (self.value,))

    def accepts(self, text: str) -> bool:
        """Whether a client's value can be used: numbers are finite and within their limits."""
        try:
            if self.type in (INT, FLOAT):
                low, high = _LIMITS.get(self.id, (-LARGEST, LARGEST))
                return low <= float(text) <= high  # not a number is neither
            return self.type != COLOUR or len(colour(text)) == 3
        except ValueError:
            return False


def floats(**values: float) -> tuple[Attribute, ...]:
    """Attributes of type float by name and default."""
    return tuple(Attribute(name, FLOAT, str(number)) for name, number in values.items())


def colour(text: str) -> tuple[int, ...]:
    """The channels of "r,g,b"."""
    return tuple(min(max(int(part), 0), 255) for part in text.split(","))
