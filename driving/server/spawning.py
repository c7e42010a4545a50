"""Whether there is room to come into the world: between the bodies, and outside of houses.

Who overlaps a trunk or a post comes in, and the next ticks part them: parked vehicles reach over the kerb.
"""

from __future__ import annotations

from driving.server.bodies import BodyTable
from driving.server.contact import overlapping
from driving.server.render.surfaces import BUILDINGS
from driving.server.running_aground import aground
from driving.server.solids import LABEL, OPEN, Index, Solids


def is_free(table: BodyTable, row: int, solids: Solids, index: Index) -> bool:
    """Whether a body's box overlaps no other body's and no house that stops bodies."""
    houses = solids.copy()
    houses[houses[:, LABEL] != BUILDINGS, OPEN] = 1.0
    return overlapping(table.rows, row) < 0 and aground(table.rows, row, houses, index) < 0
