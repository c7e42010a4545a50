"""The certificate: a table of scripted drivers, and what it must show."""

import math

import pytest

from driving.certify import drive_all, faults, table
from driving.drivers import DRIVERS

HITS = {"never_brakes": 9, "sees_and_brakes": 5, "privileged": 0, "slow_then_react": 0}


def episodes(hits, *, with_child=10):
    """Ten episodes with a child and ten without for every driver, so many of them ending in a hit."""
    made = []
    for driver in DRIVERS:
        for seed in range(2 * with_child):
            child = seed < with_child
            hit = child and seed < hits[driver]
            made.append(
                {
                    "driver": driver,
                    "seed": seed,
                    "hazard": child,
                    "scenario": "child_crossing",
                    "outcome": "hit_child" if hit else "arrived",
                    "impact_speed": 6.0 if hit else 0.0,
                    "duration": 8.0 if child else 6.0,
                }
            )
    return made


def test_the_table_counts_hits_given_a_child_and_times_of_arrivals():
    row = {entry.driver: entry for entry in table(episodes(HITS))}["sees_and_brakes"]
    assert (row.hits, row.with_hazard, row.rate) == (5, 10, 0.5)
    assert (row.impact_speed, row.time_with_hazard, row.time_without_hazard) == (6.0, 8.0, 6.0)
    # Wilson, by hand: (0.5 + 3.8415/20 -+ 1.96 sqrt(0.025 + 0.0096)) / (1 + 0.38415)
    assert row.interval == pytest.approx((0.2366, 0.7634), abs=1e-3)


def test_a_driver_without_a_hit_has_no_impact_speed():
    row = {entry.driver: entry for entry in table(episodes(HITS))}["privileged"]
    assert math.isnan(row.impact_speed)


def test_the_gap_is_accepted():
    assert faults(table(episodes(HITS))) == []


@pytest.mark.parametrize(
    ("driver", "hits", "fault"),
    [
        ("never_brakes", 7, "can be outrun"),
        ("sees_and_brakes", 2, "reacting is enough"),
        ("privileged", 1, "not solvable by knowing"),
        ("slow_then_react", 1, "being careful does not make it safe"),
    ],
)
def test_a_missing_gap_is_named(driver, hits, fault):
    (found,) = faults(table(episodes({**HITS, driver: hits})))
    assert fault in found


@pytest.mark.slow
@pytest.mark.xdist_group("embedded")
def test_the_crossing_separates_the_drivers_on_the_very_environment():
    pytest.importorskip("carla")
    driven = [e for chunk in drive_all("child_crossing", 20, server="embedded", workers=1) for e in chunk]
    rows = {row.driver: row for row in table(driven)}
    assert rows["never_brakes"].hits > 0.5 * rows["never_brakes"].with_hazard
    assert rows["privileged"].hits == rows["slow_then_react"].hits == 0
    assert all(row.other_failures == 0 for row in rows.values())
