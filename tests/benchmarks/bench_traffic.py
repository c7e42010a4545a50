"""How well the client's TrafficManager drives on the embedded server: lanes kept, collisions, distance.

Any map: `python -m tests.benchmarks.bench_traffic --map FILE.xodr --minutes 5 --cars 30 [--asynchronous]`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from tests.driving.ring import RING
from tests.driving.traffic import Drive, drive
from tests.embedded_servers import serving


def run() -> list[dict[str, Any]]:
    """Six cars for a simulated minute on the ring of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ring.xodr"
        path.write_text(RING)
        result = _drive(str(path), cars=6, minutes=1.0, synchronous=True)
    return [
        {
            "name": "TrafficManager: most from a lane's centre (less is better)",
            "value": max(result.astray.values()),
            "unit": "m",
        },
        {
            "name": "TrafficManager: looks outside a lane, 720 (less is better)",
            "value": result.outside,
            "unit": "",
        },
    ]


def _drive(map_file: str, *, cars: int, minutes: float, synchronous: bool) -> Drive:
    import carla

    with serving("--map", map_file) as (port, _):
        client = carla.Client("127.0.0.1", port)
        client.set_timeout(60.0)
        return drive(client, cars=cars, seconds=60.0 * minutes, synchronous=synchronous)


def main() -> None:
    """Print what came of one drive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--map", required=True)
    parser.add_argument("--cars", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--asynchronous", action="store_true")
    options = parser.parse_args()
    result = _drive(
        options.map, cars=options.cars, minutes=options.minutes, synchronous=not options.asynchronous
    )
    print(f"{result.cars} cars, {sum(result.metres.values()) / 1000:.1f} km; removed as stuck: {result.gone}")
    astray = max(result.astray.values())
    print(f"most from a lane's centre: {astray:.2f} m; looks outside a lane: {result.outside}")
    print(f"pairs that touched: {result.collisions}; longest stop: {result.longest_stop:.0f} s")


if __name__ == "__main__":
    main()
