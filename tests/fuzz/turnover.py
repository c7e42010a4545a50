"""`python -m tests.fuzz.turnover --ticks 100000`: actors come and go all the time; memory must not grow.

Prints the server's memory on the way; exits 1 if it grew by more than MOST_GROWTH after the first tenth.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from typing import Any

from tests.embedded_servers import serving
from tests.fuzz.calm import megabytes

LIFE = 20  # ticks that an actor stays
MOST_GROWTH = 8.0  # MB
KINDS = ("vehicle.*", "walker.pedestrian.*", "static.prop.*", "sensor.camera.rgb", "sensor.other.gnss")


def main() -> int:
    """Run it on a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    early = "with few, what is drawn for the first time counts as growth"
    parser.add_argument("--ticks", type=int, default=100_000, help=early)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with serving() as (port, server):
        return _watch(port, server.pid, arguments.ticks, random.Random(arguments.seed))


def _watch(port: int, pid: int, ticks: int, rng: random.Random) -> int:
    import carla

    client = carla.Client("127.0.0.1", port)
    client.set_timeout(20.0)
    world = client.get_world()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    library = world.get_blueprint_library()
    kinds = [list(library.filter(kind)) for kind in KINDS]
    alive: list[Any] = []
    found: list[float] = []
    came, started = 0, time.monotonic()
    for tick in range(1, ticks + 1):
        if tick % LIFE == 0:
            for actor in alive:
                actor.destroy()
            alive = [actor for kind in kinds if (actor := _spawned(carla, world, rng.choice(kind), rng))]
            came += len(alive)
        world.tick()
        if tick % (ticks // 10) == 0:
            found.append(megabytes(pid))
            print(f"{tick} ticks, {came} actors came and went: {found[-1]:.1f} MB", flush=True)
    for actor in alive:
        actor.destroy()
    print(f"{ticks / (time.monotonic() - started):.0f} ticks per second")
    if found[-1] - found[0] > MOST_GROWTH:
        print(f"the server grew by {found[-1] - found[0]:.1f} MB, {MOST_GROWTH} are allowed")
        return 1
    return 0


def _spawned(carla: Any, world: Any, blueprint: Any, rng: random.Random) -> Any:
    if blueprint.id.startswith("sensor.camera"):
        for name, pixels in (("image_size_x", "64"), ("image_size_y", "48")):
            blueprint.set_attribute(name, pixels)
    place = carla.Location(rng.uniform(0.0, 400.0), rng.uniform(-8.0, 8.0), 0.5)
    actor = world.try_spawn_actor(blueprint, carla.Transform(place))
    if actor is not None and blueprint.id.startswith("sensor."):
        actor.listen(lambda told: None)
    return actor


if __name__ == "__main__":
    sys.exit(main())
