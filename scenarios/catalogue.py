"""Every driving scenario with its suites: numbered episodes, and what each of them needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from scenarios import child_crossing, crossings, overtaking_truck, standards
from scenarios.drive import Drive
from scenarios.judging import POINTS, Run
from scenarios.roads import Street
from scenarios.suites import ROAD_SUITES, SUITES

SCENARIOS: tuple[str, ...] = ("child_crossing", *crossings.FAMILIES, "overtaking_truck")
OVERTAKING_SUITES = (*SUITES, "shifted", "decoys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """The episodes of one scenario and suite, each by its seed."""

    suite: str
    street: Street
    pool: tuple[tuple[str, str], ...]  # blueprint and colour of everybody but the ego
    draw: Callable[[int], Drive]
    count: int | None = None  # how many seeds are one pass over a grid; None where there is no grid

    def judged(
        self, seed: int, *, impact_speed: float, hit: bool, left_lane: bool, hardest_braking: float
    ) -> dict[str, object]:
        """Which cell of its grid an episode was and what it earned; nothing where there is no grid.

        Args:
            seed: Of the episode.
            impact_speed: m/s.
            hit: Whether the ego touched anybody or anything.
            left_lane: Whether it left its lane.
            hardest_braking: m/s2.
        """
        if self.count is None:
            return {}
        test = standards.test_of(self.suite, seed)
        run = Run(
            test_speed=test.speed,
            empty=test.kind == "empty",
            hit=hit,
            left_lane=left_lane,
            impact_speed=3.6 * impact_speed,
            hardest_braking=hardest_braking,
        )
        colour = standards.PROCEDURES[self.suite].judge(run)
        return {
            "row": test.row,
            "column": test.column,
            "test_speed": float(test.speed),
            "wanted_location": test.impact,
            "colour": colour,
            "points": POINTS[colour],
        }


def suites_of(scenario: str) -> tuple[str, ...]:
    """Which suites a scenario has."""
    if scenario == "overtaking_truck":
        return OVERTAKING_SUITES
    return (*ROAD_SUITES, *standards.PROCEDURES)


def episodes_of(scenario: str, suite: str) -> Episodes:
    """The episodes of a scenario and suite.

    Raises:
        ValueError: There is no such scenario, or it has no such suite.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"unknown scenario {scenario!r}; choose one of: {', '.join(SCENARIOS)}")
    if suite not in suites_of(scenario):
        choices = ", ".join(suites_of(scenario))
        raise ValueError(f"unknown suite {suite!r} of {scenario}; choose one of: {choices}")
    if suite in standards.PROCEDURES:
        return Episodes(
            suite=suite,
            street=standards.STREET,
            pool=standards.pool_of(suite),
            draw=partial(standards.draw, suite),
            count=len(standards.PROCEDURES[suite].tests),
        )
    if scenario == "overtaking_truck":
        return Episodes(
            suite=suite,
            street=overtaking_truck.STREET,
            pool=overtaking_truck.pool_of(suite),
            draw=partial(overtaking_truck.draw, suite),
        )
    if scenario == "child_crossing" and suite in SUITES:
        return Episodes(
            suite=suite,
            street=child_crossing.STREET,
            pool=tuple((blueprint, "") for blueprint in child_crossing.blueprint_pool()),
            draw=partial(child_crossing.draw, suite),
        )
    return Episodes(
        suite=suite,
        street=crossings.family_of(scenario, suite).street,
        pool=crossings.pool_of(scenario, suite),
        draw=partial(crossings.draw, scenario, suite),
    )
