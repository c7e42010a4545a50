"""Embedded servers: one to talk to; and those that this process, or one that it started, has started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import psutil

from driving.cli.zygote import NAME, SERVER_NAME

END = 20.0  # s that a server may take to end


@contextmanager
def serving(*options: str, log: TextIO | None = None) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server with further options of `driving serve`: its port and its process, which ends with the block.

    What it has to say goes to `log`, or where this process's errors go.
    """
    command = [sys.executable, "-m", "driving.cli", "serve", "--port", "0", "--exit-with-stdin", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True) as process:
        try:
            ready = process.stdout.readline() if process.stdout is not None else ""
            assert ready.startswith("ready "), "the embedded server did not start"
            yield int(ready.rpartition(":")[2]), process
            process.communicate(timeout=END)
        finally:
            process.kill()


def embedded_servers() -> list[psutil.Process]:
    """Those that run, in no order."""
    return _ours(SERVER_NAME)


def zygotes() -> list[psutil.Process]:
    """The processes that they are forked from; one for each run."""
    return _ours(NAME)


def _ours(name: str) -> list[psutil.Process]:
    """Processes of a name; whose run they are of is the last word of their command line."""
    here = psutil.Process()
    runs = {str(process.pid) for process in (here, *here.children(recursive=True))}
    processes = psutil.process_iter(["name", "cmdline"])  # one that has just ended has no command line
    return [
        one for one in processes if one.info["name"] == name and (one.info["cmdline"] or [""])[-1] in runs
    ]
