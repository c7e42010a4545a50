"""Motion tables: their file, and that `driving calibrate` finds those of the server that it drives on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from driving.calibration.fitting import fit, hats, lagged
from driving.calibration.recording import Step, drives, record
from driving.cli.serve import _motion
from driving.errors import DrivingError
from driving.server.errors import MotionError
from driving.server.motion_tables import read_tables, standard_tables, write_tables
from driving.servers import Endpoint

TOP = 40.0  # km/h


def other_tables():
    """Tables of a car that the standard ones do not describe."""
    tables = standard_tables()
    return tables._replace(
        throttle_lag=0.25,
        acceleration=tables.acceleration * 0.8 - 0.05,
        brake_lag=0.08,
        deceleration=tables.deceleration * 0.9,
        steering_lag=0.15,
        steering_gain=0.3,
        steering_factor=np.array([1.0, 0.8, 0.7, 0.6]),
    )


def test_a_file_reads_back_as_it_was_written():
    again = read_tables(write_tables(other_tables()))
    for name, content in other_tables()._asdict().items():
        np.testing.assert_array_equal(getattr(again, name), content)


@pytest.mark.parametrize(
    ("part", "name", "content", "message"),
    [
        ("throttle", "lag", 0.0, "a lag is 0.001 to 5.0 s, got 0.0"),
        ("throttle", "levels", [0.0, 0.5, 0.5, 1.0], "levels must be two or more rising numbers"),
        ("brake", "deceleration", [[1.0]], r"deceleration has shape \(1, 1\), not 4 levels x 11 speeds"),
        ("steering", "factor", [1.0, float("nan"), 1.0, 1.0], "factor has a value that is no number"),
        ("steering", "factor", [1.0], "steering needs a factor for each speed"),
        ("brake", "speeds", list(range(40)), "more than this server takes"),
    ],
)
def test_a_file_that_holds_no_tables_says_what_is_wrong(part, name, content, message):
    document = json.loads(write_tables(standard_tables()))
    document[part][name] = content
    with pytest.raises(MotionError, match=message):
        read_tables(json.dumps(document))


def test_a_missing_file_or_part_is_named(tmp_path):
    with pytest.raises(MotionError, match="'brake' is missing"):
        read_tables('{"throttle": {}}')
    with pytest.raises(MotionError, match=r"nowhere\.json' cannot be read"):
        _motion(tmp_path / "nowhere.json")


def test_a_pedal_acts_after_its_lag():
    acts = lagged(np.ones(20), 0.1, 0.01)
    np.testing.assert_allclose(acts, 1.0 - np.exp(-0.1 * np.arange(1, 21)))


def test_hats_interpolate_and_hold_at_the_ends():
    weights = hats(np.array([0.0, 10.0, 40.0]), np.array([-5.0, 0.0, 2.5, 10.0, 25.0, 99.0]))
    expected = [[1, 0, 0], [1, 0, 0], [0.75, 0.25, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]]
    np.testing.assert_allclose(weights, expected)


def test_the_plan_leaves_out_what_is_above_the_largest_speed():
    plan = drives([0.0, 0.7, 1.0], [0.0, 1.0], [0.0, 20.0, 60.0, 120.0], 60.0)
    assert all(step.above <= 60.0 or step.above == np.inf for drive in plan for step in drive)
    assert sum(any(step.steer for step in drive) for drive in plan) == 3
    assert sum(any(step.brake for step in drive) for drive in plan) == 1


@pytest.mark.slow
@pytest.mark.xdist_group("embedded")
def test_the_tables_of_a_server_are_found_where_its_car_was_driven(serve, tmp_path):
    """Within 1 % (or 0.02 m/s2, 5 ms), from the standard tables, on a server that has others."""
    pytest.importorskip("carla")
    truth, file = other_tables(), tmp_path / "motion.json"
    file.write_text(write_tables(truth))
    endpoint = Endpoint("127.0.0.1", serve("straight", "--motion", str(file)))
    fast, settle = Step(throttle=1.0, above=TOP), Step(seconds=1.5, until_flat=False)
    plan = [
        (fast, Step(below=1.0, seconds=8.0)),
        (Step(throttle=0.7, above=TOP, seconds=8.0),),
        (fast, settle, Step(brake=0.5, below=0.2)),
        (fast, settle, Step(brake=1.0, below=0.2)),
        (Step(throttle=1.0, above=8.0), Step(steer=0.6, seconds=1.0)),
        (Step(throttle=1.0, above=25.0), Step(steer=0.2, brake=0.2, seconds=1.0)),
    ]
    found = fit(list(record(endpoint, plan, blueprint="vehicle.lincoln.mkz_2017")), standard_tables()).tables
    lags = (found.throttle_lag, found.brake_lag, found.steering_lag)
    assert lags == pytest.approx((truth.throttle_lag, truth.brake_lag, truth.steering_lag), abs=0.005)
    seen = slice(0, 4)  # to 30 km/h
    for level in (2, 3):  # throttle 0.7 and 1
        np.testing.assert_allclose(
            found.acceleration[level, seen], truth.acceleration[level, seen], rtol=0.01, atol=0.02
        )
    np.testing.assert_allclose(found.acceleration[0, 2:4], truth.acceleration[0, 2:4], atol=0.02)
    for level in (2, 3):  # brake 0.5 and 1, 10 to 30 km/h
        np.testing.assert_allclose(
            found.deceleration[level, 2:5], truth.deceleration[level, 2:5], rtol=0.01, atol=0.02
        )
    assert found.steering_gain * found.steering_factor[1] == pytest.approx(0.3 * 0.8, rel=0.01)
    assert found.steering_gain == pytest.approx(0.3, rel=0.02)
    np.testing.assert_array_equal(found.acceleration[:, 8:], standard_tables().acceleration[:, 8:])


def test_runs_that_never_brake_cannot_be_fitted():
    with pytest.raises(DrivingError, match="no run says anything about the throttle"):
        fit([], standard_tables())
