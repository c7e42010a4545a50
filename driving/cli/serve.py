"""`driving serve`: the embedded CARLA-compatible server as a process of its own."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from driving.server.calls import support
from driving.server.calls.desk import RECORDINGS
from driving.server.errors import MapError, MotionError
from driving.server.motion_tables import MotionTables, read_tables, standard_tables
from driving.server.serve import Server
from scenarios.roads import straight_road

STRAIGHT = "straight"
MOST_THREADS = 4  # of one picture, unless more are asked for: each does a part of the others' work again
QUICK_START = 4.0  # s; a start that takes longer compiles


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the calls; 0 = any free one.", min=0, max=65535)] = 2000,
    map_name: Annotated[str, typer.Option("--map", help="straight, or an OpenDRIVE file.")] = STRAIGHT,
    motion: Annotated[
        Path | None, typer.Option(help="How vehicles move: a file of `driving calibrate`.")
    ] = None,
    recordings: Annotated[Path, typer.Option(help="Where the recorder's files lie.")] = RECORDINGS,
    exit_with_stdin: Annotated[
        bool, typer.Option("--exit-with-stdin", help="End when standard input does.")
    ] = False,
    idle_exit: Annotated[
        float | None, typer.Option(help="End when no client has been connected for so many seconds.", min=0.1)
    ] = None,
    reset_when_empty: Annotated[
        bool,
        typer.Option(
            "--reset-when-empty", help="Remove all actors, reset settings when the last client is gone."
        ),
    ] = False,
    navigation: Annotated[
        bool, typer.Option(help="Give clients a navigation mesh for walker AI; they keep it as a file.")
    ] = True,
    threads: Annotated[
        int | None,
        typer.Option(help="Threads that draw one picture; default: one per core, at most 4.", min=1),
    ] = None,
    calls: Annotated[bool, typer.Option("--calls", help="Print which calls are supported, and end.")] = False,
) -> None:
    """Answer CARLA 0.9.16 clients until interrupted; prints `ready HOST:PORT` when they may connect.

    Example: driving serve --port 2000 --map straight
    """
    if calls:
        _print_calls()
        return
    log_to_stderr()
    name, maps = _maps(map_name)
    server = started(
        lambda: Server(
            host,
            port,
            maps,
            name,
            motion=_motion(motion),
            recordings=recordings,
            idle_exit=idle_exit,
            reset_when_empty=reset_when_empty,
            navigation=navigation,
            threads=threads or min(os.cpu_count() or 1, MOST_THREADS),
        )
    )
    if exit_with_stdin:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    if not _is_loopback(host):
        logging.warning(
            "listening at %s: anybody who reaches this address can use the server; it has no password", host
        )
    print(f"ready {server.host}:{server.port}", flush=True)
    server.run()


def log_to_stderr() -> None:
    """Write what is logged on standard error, as `driving serve` does."""
    logging.basicConfig(level=logging.INFO, format="driving serve: %(message)s", stream=sys.stderr)


def started(make: Callable[[], Server]) -> Server:
    """A server that listens; says what takes so long if it does."""
    notice = threading.Timer(
        QUICK_START, logging.info, ["compiling physics and renderer: a minute or two, once per installation"]
    )
    notice.daemon = True
    notice.start()
    try:
        server = make()
        server.start()
    finally:
        notice.cancel()
        notice.join()
    return server


def _print_calls() -> None:
    """One line for each call that a client can make, and how many there are of each sort."""
    table = support()
    for name, status in table.items():
        print(f"{name:42} {status}")
    print(", ".join(f"{count} {status}" for status, count in Counter(table.values()).items()))


def _maps(choice: str) -> tuple[str, dict[str, str]]:
    """The default map's name, and every map's document by name.

    Raises:
        MapError: The file cannot be read.
    """
    maps = {STRAIGHT: straight_road()}
    if choice == STRAIGHT:
        return STRAIGHT, maps
    path = Path(choice)
    try:
        maps[path.stem] = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MapError(
            f"map '{choice}' cannot be read: {error}; use {STRAIGHT} or an OpenDRIVE file"
        ) from error
    return path.stem, maps


def _motion(path: Path | None) -> MotionTables:
    """The motion tables of a file; without one, those that come with the server.

    Raises:
        MotionError: The file cannot be read.
    """
    if path is None:
        return standard_tables()
    try:
        return read_tables(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MotionError(f"motion tables '{path}' cannot be read: {error}") from error


def _stop_with_stdin(server: Server) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # unbuffered: a thread that waits here must hold no lock at exit
        pass
    server.stop()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
