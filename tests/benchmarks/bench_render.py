"""How many images a CPU-second buys: the embedded server's cameras on a street with traffic."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.server.render import Bands, Camera, Look, Scene, render, warm_up

# Width, height in px; images per CPU-second to reach: 0.8, 15 and 35 ms each.
SIZES = ((96, 48, 1250.0), (96, 96, 1250.0), (800, 450, 66.7), (1280, 720, 28.6))
SECONDS = 2.0  # of CPU per measurement
REPEATS = 3  # the best counts: what disturbs a measurement only ever slows it
PAIRED = ((96, 96), (1280, 720))  # px: what two processes draw at once, and two threads together


@dataclass(frozen=True)
class Strip:
    kind: str
    left: NDArray[np.float64]
    right: NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    points: NDArray[np.float64]
    width: float
    colour: str
    dash: float
    gap: float


def run() -> list[dict[str, Any]]:
    """Rows of name, value, unit, target; colour, depth, class and instance are drawn every time."""
    warm_up()
    scene = street_with_traffic()
    rows: list[dict[str, Any]] = []
    for width, height, target in SIZES:
        rate = max(_rate(scene, Camera(width, height, 80.0)) for _ in range(REPEATS))
        name = f"render {width}x{height}, all channels, 2x2 samples"
        rows.append({"name": name, "value": round(rate, 1), "unit": "images/CPU-s", "target": target})
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        processes.map(_by_the_clock, [PAIRED[0]] * 2, chunksize=1)  # until their kernels are loaded
        for size in PAIRED:
            alone = max(processes.apply(_by_the_clock, (size,)) for _ in range(REPEATS))
            both = max(sum(processes.map(_by_the_clock, [size] * 2, chunksize=1)) for _ in range(REPEATS))
            name = f"render {size[0]}x{size[1]}, two processes / one"
            rows.append({"name": name, "value": round(both / alone, 2), "unit": "", "target": 1.9})
    for size in PAIRED:
        alone, together = (max(_by_the_clock(size, threads) for _ in range(REPEATS)) for threads in (1, 2))
        name = f"render {size[0]}x{size[1]}, two threads / one"
        rows.append({"name": name, "value": round(together / alone, 2), "unit": "", "target": None})
    return rows


def street_with_traffic() -> Scene:
    """600 m of street, a van at the kerb, a child in front of it, nine vehicles and two adults."""
    x = np.arange(-60.0, 541.0, 2.0)

    def edge(y: float, z: float = 0.0) -> NDArray[np.float64]:
        return np.column_stack([x, np.full_like(x, y), np.full_like(x, z)])

    strips, marks = [], [Mark(edge(0.0), 0.15, "white", 3.0, 3.0)]
    for kind, near, far, z in (
        ("driving", 0.0, 3.5, 0.0),
        ("parking", 3.5, 6.3, 0.0),
        ("sidewalk", 6.3, 9.3, 0.12),
    ):
        strips += [Strip(kind, edge(near, z), edge(far, z)), Strip(kind, edge(-far, z), edge(-near, z))]
    marks += [Mark(edge(y), 0.15, "white", 0.0, 0.0) for y in (-3.5, 3.5)]
    scene = Scene(strips, marks, seed=3)
    van = Look("vehicle", "vehicle.mercedes.sprinter", "van", 5.9, 1.99, 2.56, (225, 228, 230), 14)
    car = Look("vehicle", "vehicle.tesla.model3", "car", 4.8, 1.85, 1.49, (170, 24, 28), 14)
    child = Look("walker", "walker.pedestrian.0009", "", 0.5, 0.5, 1.1, (220, 40, 40), 12)
    adult = Look("walker", "walker.pedestrian.0001", "", 0.4, 0.4, 1.86, (60, 80, 140), 12)
    parked = [(14.0, 4.75, van), (24.0, 4.8, car), (31.0, 4.8, car), (39.0, 4.8, van), (5.2, 4.75, car)]
    parked += [(8.0, -4.8, car), (20.0, -4.8, car), (27.0, -4.8, car), (46.0, -4.8, van), (60.0, -1.75, car)]
    for number, (along, across, look) in enumerate(parked, start=1):
        scene.add(number, look)
        scene.move(number, (along, across, 0.0), (0.0, 180.0 if across < 0 else 0.0, 0.0))
    walkers = ((18.1, 2.6, 0.55, child), (12.0, -7.6, 1.05, adult), (30.0, 7.4, 1.05, adult))
    for number, (along, across, up, look) in enumerate(walkers, start=20):
        scene.add(number, look)
        scene.move(number, (along, across, up), (0.0, -90.0, 0.0), stride=0.3)
    return scene


def _by_the_clock(size: tuple[int, int], threads: int = 1) -> float:
    """Pictures per second by the clock; processes that are asked at once draw at once."""
    scene, camera, bands = street_with_traffic(), Camera(*size, 80.0), Bands(threads)
    _draw(scene, camera, 0, bands)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        _draw(scene, camera, count, bands)
        count += 1
    return count / (time.perf_counter() - start)


def _draw(scene: Scene, camera: Camera, count: int, bands: Bands | None = None) -> None:
    place = (2.0 + 0.02 * (count % 400), 1.75, 1.35)
    render(scene, camera, place, (0.0, 0.0, 0.0), bands=bands)


def _rate(scene: Scene, camera: Camera) -> float:
    count, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        _draw(scene, camera, count)
        count += 1
    return count / (time.process_time() - start)


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:<45} {row['value']:>9} {row['unit']:<14} target {row['target'] or '-'}")
