"""Walkers whom nothing is put there to hide: who crosses from the roadside, or stands or walks in the lane.

A parked car may hide one of twenty for a moment; who keeps to the limit sees him 1.5 s ahead or sooner.
A driver who has only met children behind vans takes a street without one for safe; so a wide driver trains on
these, too. Each is timed so that a car that keeps to the limit from the start meets it.
"""

from __future__ import annotations

import math

import numpy as np

from scenarios.drive import EGO_WIDTH, Walker, standing
from scenarios.roads import Street

KINDS = {"crosses": 0.6, "stands": 0.2, "walks along": 0.2}
"""Kind -> its share."""
SLOWEST, FASTEST = 1.0, 2.2  # m/s
OFF_CENTRE = 0.8  # m, how far from the lane's centre somebody in the lane is at most
TO_KERB = 6.0  # m that somebody goes on beyond the lane's centre
LONGEST_WAIT = 6.0  # s that somebody in the lane makes a car wait, or it learns to creep up to them
NOTICED = 8.0  # m from the ego's front at which somebody who stands in the lane notices it at the latest
ALL_THE_WAY = 1000.0  # m that somebody goes along the lane


def draw(rng: np.random.Generator, street: Street, name: str, *, line: float, limit: float) -> Walker:
    """Draw one walker.

    Args:
        rng: All chance in the episode.
        street: Where it walks.
        name: Its blueprint.
        line: Station where the conflict is; m.
        limit: The speed limit; m/s.
    """
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    way = float(rng.choice((1.0, -1.0)))
    speed = rng.uniform(SLOWEST, FASTEST)
    side = rng.uniform(0.0, OFF_CENTRE)
    turn, reveal, delay = -way * math.pi / 2, math.inf, 0.0
    if kind == "crosses":
        time = rng.uniform(1.5, 2.5)  # s from setting off until it is met
        met = rng.uniform(0.1, 0.9) * EGO_WIDTH  # from the edge that it comes to first
        side = EGO_WIDTH / 2 - met + speed * time
        reveal = limit * time
    elif kind == "stands":
        reveal = max(limit, NOTICED)
        delay = reveal / limit + rng.uniform(1.0, LONGEST_WAIT)
    else:
        turn = 0.0
    return Walker(
        placed=standing(street, name, line, way * side, turn),
        station=line,
        side=way * side,
        speed=speed,
        reach=side + TO_KERB if turn else ALL_THE_WAY,
        reveal_distance=reveal,
        delay=delay,
    )
