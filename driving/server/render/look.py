"""How an actor looks: what a caller says of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """The outside of an actor.

    Raises:
        ValueError: The kind is unknown or a size is not positive.
    """

    kind: str  # "vehicle" | "walker" | "prop"
    model: str  # blueprint id
    base_type: str  # car | truck | van | bus | motorcycle | bicycle | ""
    length: float  # m
    width: float  # m
    height: float  # m
    colour: tuple[int, int, int]  # sRGB
    tag: int  # CityObjectLabel

    def __post_init__(self) -> None:
        if self.kind not in ("vehicle", "walker", "prop"):
            raise ValueError(f"Look.kind is vehicle, walker or prop, got {self.kind!r} for {self.model}")
        if min(self.length, self.width, self.height) <= 0:
            size = (self.length, self.width, self.height)
            raise ValueError(f"{self.model}: length, width and height are positive metres, got {size}")
