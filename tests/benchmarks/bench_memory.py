"""Whether the embedded server's memory stays flat over 100,000 ticks in which cars come and go."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from tests.fuzz.calm import Calm, megabytes

TICKS, SETTLED = 100_000, 10_000  # ticks; memory is first looked at after `SETTLED`
PERIOD = 10  # ticks between two cars
SYNCHRONOUS = [True, False, [True, 0.05]]
CAR = "vehicle.tesla.model3"


def run() -> list[dict[str, Any]]:
    """Spawn a car with a camera and a child every tenth tick, and destroy them before the next."""
    command = [sys.executable, "-m", "driving.cli", "serve", "--port", "0", "--exit-with-stdin"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("the server has no output")
        calm = Calm(int(process.stdout.readline().rpartition(":")[2]))
        calm.ask("set_episode_settings", SYNCHRONOUS)
        _drive(calm, SETTLED)
        before = megabytes(process.pid)
        _drive(calm, TICKS - SETTLED)
        grown = megabytes(process.pid) - before
    finally:
        process.communicate(timeout=60)
    return [
        {"name": f"memory grown in {TICKS - SETTLED:,} ticks (less is better)", "value": grown, "unit": "MB"}
    ]


def _drive(calm: Calm, ticks: int) -> None:
    for number in range(ticks):
        if number % PERIOD == 0:
            car = calm.ask("spawn_actor", [0, CAR, []], [[20.0, 1.75, 0.3], [0.0, 0.0, 0.0]])[0][1][0]
            child = calm.ask(
                "spawn_actor", [0, "walker.pedestrian.0011", []], [[40.0, 4.0, 1.0], [0.0, 0.0, 0.0]]
            )[0][1][0]
            camera = [[0, "sensor.camera.rgb", []], [[1.0, 0.0, 1.5], [0.0, 0.0, 0.0]], car, 0, ""]
            calm.ask("spawn_actor_with_parent", *camera)
            calm.ask("apply_control_to_vehicle", car, [0.5, 0.1, 0.0, False, False, False, 0])
        calm.ask("tick_cue")
        if number % PERIOD == PERIOD - 1:
            calm.ask("destroy_actor", car)
            calm.ask("destroy_actor", child)


if __name__ == "__main__":
    for row in run():
        print(row)
