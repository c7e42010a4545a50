"""Motion tables from recorded runs: least squares on the tables' own grid, one search per lag.

With w(t) the pedal after its lag and v(t) the speed, the table is linear in its entries: what a tick did to
the speed is a weighted sum of the four around (w, v). A faint pull towards the tables that one starts from
decides what was never visited.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter

from driving.calibration.run import Run
from driving.errors import DrivingError
from driving.server.motion_tables import MotionTables
from driving.server.vehicle_model import FRONT_AXLE, MODEL_LENGTH, REAR_AXLE

PULL = 1e-3  # weight of one starting entry against one tick
LAGS = (0.005, 1.0)  # s
SLOW = 0.1  # m/s; standing cars tell nothing
RELEASED = 0.01  # throttle, after its lag, that no longer pushes against the brake
AUDIBLE = 0.05  # m/s2 by which braking must exceed rolling to be told from it

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """Tables, and how far off they are in the ticks that they were fitted to."""

    tables: MotionTables
    throttle_error: float  # m/s2, root mean square
    brake_error: float  # m/s2
    steering_error: float  # rad of front wheel per steer


def fit(runs: Sequence[Run], start: MotionTables) -> Fit:
    """Fit the tables to runs.

    Args:
        runs: As `recording.record` gives them.
        start: Tables whose levels and speeds are kept, and whose entries stand where no run went.

    Raises:
        DrivingError: There is no run for one of throttle, brake and steering.
    """
    tables, throttle_error = _fit_throttle(runs, start)
    tables, brake_error = _fit_brake(runs, tables)
    tables, steering_error = _fit_steering(runs, tables)
    return Fit(tables, throttle_error, brake_error, steering_error)


def lagged(pedal: Array, lag: float, delta: float) -> Array:
    """A pedal as it acts, (K,): the lag's first-order answer, from rest."""
    share = 1.0 - np.exp(-delta / lag)
    return np.asarray(lfilter([share], [1.0, share - 1.0], pedal))


def hats(points: Array, at: Array) -> Array:
    """Weights of linear interpolation between `points`, held at the ends: shape (K, points)."""
    at = np.clip(at, points[0], points[-1])
    cell = np.clip(np.searchsorted(points, at, side="left") - 1, 0, len(points) - 2)
    part = (at - points[cell]) / (points[cell + 1] - points[cell])
    weights = np.zeros((len(at), len(points)))
    rows = np.arange(len(at))
    weights[rows, cell], weights[rows, cell + 1] = 1.0 - part, part
    return weights


def _fit_throttle(runs: Sequence[Run], start: MotionTables) -> tuple[MotionTables, float]:
    def problem(lag: float) -> tuple[Array, Array]:
        rows, targets = [], []
        for run in runs:
            used = (np.cumsum(run.brake + np.abs(run.steer)) == 0.0) & (run.after > SLOW)
            level = hats(start.throttle_levels, lagged(run.throttle, lag, run.delta))
            speed = hats(start.throttle_speeds, run.before * 3.6)
            rows.append(_products(level, speed)[used])
            targets.append(run.acceleration[used])
        return _joined(rows, targets, "throttle")

    lag, entries, error = _search(problem, start.acceleration)
    return start._replace(throttle_lag=lag, acceleration=entries), error


def _fit_brake(runs: Sequence[Run], tables: MotionTables) -> tuple[MotionTables, float]:
    def problem(lag: float) -> tuple[Array, Array]:
        rows, targets = [], []
        for run in runs:
            rolling = -hats(tables.throttle_speeds, run.before * 3.6) @ tables.acceleration[0]
            slowing = -run.acceleration
            idle = lagged(run.throttle, tables.throttle_lag, run.delta) < RELEASED
            used = (run.brake > 0.0) & idle & (run.after > SLOW) & (slowing > rolling + AUDIBLE)
            level = hats(tables.brake_levels, lagged(run.brake, lag, run.delta))
            speed = hats(tables.brake_speeds, run.before * 3.6)
            rows.append(_products(level, speed)[used])
            targets.append(slowing[used])
        return _joined(rows, targets, "brake")

    lag, entries, error = _search(problem, tables.deceleration)
    return tables._replace(brake_lag=lag, deceleration=np.maximum(entries, 0.0)), error


def _fit_steering(runs: Sequence[Run], tables: MotionTables) -> tuple[MotionTables, float]:
    def problem(lag: float) -> tuple[Array, Array]:
        rows, targets = [], []
        for run in runs:
            used = (run.steer != 0.0) & (run.after > 1.0)
            steer = run.steer[used]
            wheel = lagged(run.steer, lag, run.delta)[used] / steer  # so that small steps weigh as large ones
            rows.append(wheel[:, None] * hats(tables.steering_speeds, run.after[used] * 3.6))
            rear = REAR_AXLE * run.length / MODEL_LENGTH
            slip = np.arcsin(np.clip(run.turn[used] * rear / run.after[used], -1.0, 1.0))
            targets.append(np.arctan((FRONT_AXLE + REAR_AXLE) / REAR_AXLE * np.tan(slip)) / steer)
        return _joined(rows, targets, "steering")

    lag, angles, error = _search(problem, tables.steering_gain * tables.steering_factor)
    gain = float(angles[0])
    if gain <= 0.0:
        raise DrivingError("the car turned against its wheels: no steering can be fitted")
    return tables._replace(steering_lag=lag, steering_gain=gain, steering_factor=angles / gain), error


def _search(problem: Callable[[float], tuple[Array, Array]], start: Array) -> tuple[float, Any, float]:
    """The lag and the entries with the least error: the lag, entries shaped like `start`, the error."""

    def solved(lag: float) -> tuple[Any, float]:
        rows, targets = problem(lag)
        left = rows.T @ rows + PULL * np.eye(start.size)
        entries = np.linalg.solve(left, rows.T @ targets + PULL * start.ravel())
        return entries, float(np.sqrt(np.mean((rows @ entries - targets) ** 2)))

    found = minimize_scalar(
        lambda lag: solved(lag)[1], bounds=LAGS, method="bounded", options={"xatol": 1e-4}
    )
    entries, error = solved(float(found.x))
    return float(found.x), np.asarray(entries.reshape(start.shape)), error


def _products(level: Array, speed: Array) -> Array:
    """Weights of a table's entries, row by row: (K, levels x speeds)."""
    return (level[:, :, None] * speed[:, None, :]).reshape(len(level), -1)


def _joined(rows: Sequence[Array], targets: Sequence[Array], what: str) -> tuple[Array, Array]:
    if not sum(len(target) for target in targets):
        raise DrivingError(f"no run says anything about the {what}")
    return np.concatenate(rows), np.concatenate(targets)
