"""The warm process that a run's embedded servers are forked from: `python -m driving.cli.zygote RUN`.

It has loaded all kernels and drawn a first world, so a fork of it answers in a few hundredths of a second
and holds only what it changes. Android and Chromium start their processes so, and call this one a zygote.
Its standard input is a listening socket; each byte that comes over a connection brings the standard streams
of a server to fork, and is answered by that server's process number. It ends when nobody is connected.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from driving.cli.serve import STRAIGHT, log_to_stderr, serve, started
from driving.forked_process import peer_is_us
from driving.server.cameras import model
from driving.server.serve import Server
from scenarios.bodies import ACTORS
from scenarios.roads import straight_road

NAME, SERVER_NAME = "driving-zygote", "driving-server"  # as `ps` and `top` show them
STREAMS = 3  # input, output, errors


def main() -> None:
    """Fork servers for as long as somebody is connected; in the forked process, serve."""
    _call_this(NAME)
    log_to_stderr()
    listener = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    _warm_up()
    signal.signal(signal.SIGCHLD, _reap)
    streams = _asked(listener)
    if streams:
        _serve(streams)


def _warm_up() -> None:
    """Load every kernel, model who drives and walks, and hide it from the collector, which writes to it."""
    server = started(lambda: Server("127.0.0.1", 0, {STRAIGHT: straight_road()}, STRAIGHT, navigation=False))
    server.stop()
    server.run()  # which closes it
    del server
    model(ACTORS)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _asked(listener: socket.socket) -> Sequence[int]:
    """Fork on demand. Returns twice or more: in each server with its streams, here with none at the end."""
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ, listener)
        while True:
            for key, _ in selector.select():
                line: socket.socket = key.data
                if line is listener:
                    line, _ = listener.accept()
                    selector.register(line, selectors.EVENT_READ, line)
                elif not (streams := _received(line)):
                    selector.unregister(line)
                    line.close()
                elif pid := os.fork():
                    _answer(line, pid)
                    _close(streams)
                else:
                    for key in selector.get_map().values():
                        key.data.close()
                    return streams
            if len(selector.get_map()) == 1:
                return ()


def _received(line: socket.socket) -> Sequence[int]:
    """The streams of a server to fork; none if the other end is gone, or is not to be heard."""
    with contextlib.suppress(OSError):
        message, streams, _, _ = socket.recv_fds(line, 1, STREAMS)
        if message and len(streams) == STREAMS and peer_is_us(line):
            return streams
        _close(streams)
    return ()


def _answer(line: socket.socket, pid: int) -> None:
    with contextlib.suppress(OSError):  # it went meanwhile, and with it the server's input
        line.sendall(str(pid).encode())


def _reap(number: int, frame: FrameType | None) -> None:
    """Let no server that has ended remain, and have its processor time counted as our children's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _close(streams: Sequence[int]) -> None:
    for stream in streams:
        os.close(stream)


def _serve(streams: Sequence[int]) -> None:
    """What `driving serve` does; standard input ends it."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    _close(streams)
    _call_this(SERVER_NAME)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    serve(port=0, exit_with_stdin=True, navigation=False, threads=1)


def _call_this(name: str) -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


if __name__ == "__main__":
    main()
