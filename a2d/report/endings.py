"""How episodes end, in words."""

from __future__ import annotations

from a2d.evaluation import Record
from a2d.hazards import HAZARDS

_ENDINGS = {
    "arrived": ("arrived", "good"),
    "goal": ("reached the goal", "good"),
    **{hazard.outcome: (hazard.hit, "bad") for hazard in HAZARDS.values()},
    "hit_other": ("hit something else", "bad"),
    "hazard": ("ran into the hazard", "bad"),
    "left_lane": ("left the lane", "poor"),
    "stuck": ("got stuck", "poor"),
    "timeout": ("ran out of time", "poor"),
    "invalid_run": ("invalid: outside the test's tolerances", "poor"),
    "world_failed": ("invalid: its world failed", "poor"),
    "server_restarted": ("invalid: the simulator restarted", "poor"),
}


def ending_text(record: Record) -> tuple[str, str]:
    """Word how an episode ended, such as `hit the child at 19 km/h after 4.1 s`, and judge it."""
    outcome = record["outcome"]
    ending, verdict = _ENDINGS.get(outcome, (outcome.replace("_", " "), "poor"))
    if outcome.startswith("hit") and record.get("impact_speed") is not None:
        ending += f" at {record['impact_speed'] * 3.6:.0f} km/h"
    if record.get("duration") is not None:
        ending += f" after {record['duration']:.1f} s"
    return ending, verdict
