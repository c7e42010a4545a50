"""How a test run is judged: a colour and points for a grid's cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

STANDARD_GRAVITY = 9.80665  # m/s2
FALSE_ACTIVATION = 0.25  # g
POINTS = {"green": 1.0, "yellow": 0.75, "orange": 0.5, "brown": 0.25, "red": 0.0}

# test speed (km/h) -> (impact speed up to which, colour); beyond the last: red
_NCAP: dict[int, tuple[tuple[float, str], ...]] = {
    10: (),
    20: (),
    30: ((10.0, "brown"),),
    40: ((10.0, "orange"), (20.0, "brown")),
    50: ((10.0, "yellow"), (20.0, "orange"), (30.0, "brown")),
    60: ((10.0, "yellow"), (20.0, "orange"), (30.0, "brown")),
}


class Run(NamedTuple):
    """What a judge looks at."""

    test_speed: int  # km/h
    empty: bool  # nobody is there: any braking is false
    hit: bool
    left_lane: bool
    impact_speed: float  # km/h
    hardest_braking: float  # m/s2


Judge = Callable[[Run], str]
"""Names a colour of POINTS."""


def euro_ncap(run: Run) -> str:
    """Euro NCAP's colour by impact speed, pedestrian tests of 2026; red for who leaves the lane."""
    if run.left_lane:
        return "red"
    if not run.hit:
        return "green"
    return next((colour for bound, colour in _NCAP[run.test_speed] if run.impact_speed <= bound), "red")


def fmvss127(run: Run) -> str:
    """49 CFR 571.127: green where there is no contact and, with nobody there, no braking of 0.25 g.

    Who leaves the lane has not passed.
    """
    false_activation = run.empty and run.hardest_braking >= FALSE_ACTIVATION * STANDARD_GRAVITY
    return "red" if run.hit or run.left_lane or false_activation else "green"
