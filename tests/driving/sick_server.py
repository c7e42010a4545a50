"""The embedded server with a fault of its own: `python sick_server.py slow|leaking|mute|broken|once FILE`."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from driving import cli
from driving.server.world import World

LEAK = 32 << 20  # bytes per tick
DELAY = 0.06  # s per tick


def main(fault: str, *arguments: str) -> None:
    tick, hoard = World.tick, []

    def slow_tick(world: World) -> None:
        if world.settings.synchronous:
            time.sleep(DELAY)
        tick(world)

    def leaking_tick(world: World) -> None:
        hoard.append(b"x" * LEAK)
        tick(world)

    if fault == "slow":
        World.tick = slow_tick
    elif fault == "leaking":
        World.tick = leaking_tick
    elif fault == "mute":
        threading.Event().wait()
    elif fault == "broken":
        sys.exit("first line\nno Vulkan adapter was found")
    elif fault == "once":
        path = Path(arguments[0])
        if path.exists():
            sys.exit("the second start fails")
        path.touch()
    sys.argv = ["driving", "serve", "--port", "0", "--exit-with-stdin"]
    cli.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
