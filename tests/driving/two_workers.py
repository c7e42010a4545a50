"""A run of two workers with an embedded server each, as A2D has them; prints the numbers of all processes."""

from __future__ import annotations

import multiprocessing
import os
import sys

from driving.servers import server_named


def work(line) -> None:
    """Have a server until the run's main process says so, or is no more."""
    server = server_named("embedded")
    server.start()
    line.send((os.getpid(), server.pid))
    line.recv()


def main() -> None:
    context = multiprocessing.get_context("forkserver")
    lines = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        context.Process(target=work, args=(theirs,), daemon=True).start()
        theirs.close()
        lines.append(ours)
    print(*(number for line in lines for number in line.recv()), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
