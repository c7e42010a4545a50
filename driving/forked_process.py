"""A server's process that is forked from a warm one, which all processes of a run share.

Who needs a server first starts that one, the zygote (`driving.cli.zygote`). It listens at a name made of what
the processes of one run have in common, and ends when none of them is connected any more. A process stays
connected once it has had a server, so that the next one comes quickly.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import select
import signal
import socket
import subprocess
import sys
import time
from typing import IO

from driving.errors import ServerFailed
from driving.process_server import ONE_THREAD, last_lines

ZYGOTE = (sys.executable, "-m", "driving.cli.zygote")
ATTEMPTS = 2  # to have a server forked: the zygote may just have died, or be about to end
QUICK_START = 10.0  # s after which the wait deserves a word
A_MOMENT = 0.01  # s between giving a name to a socket and listening at it
LONGEST_NUMBER = 32  # bytes

log = logging.getLogger(__name__)
_line: list[socket.socket] = []
"""To the zygote that forked a server for this process last: it lives as long as anybody is connected."""
_zygotes: list[subprocess.Popen[bytes]] = []
"""Those that this process has started, until their end has been noticed."""


class ForkedProcess:
    """A process that is not our child; its file descriptor tells whether it runs."""

    def __init__(self, errors: IO[bytes], limit: float) -> None:
        """Have it forked within `limit` seconds; `errors` is its log.

        Raises:
            ServerFailed: There is no zygote, and none can be started.
            TimeoutError: It takes longer.
        """
        its_input, ours = os.pipe()
        output, its_output = os.pipe()
        self._input = open(ours, "wb")  # noqa: SIM115 (closed by `leave`)
        self.output: IO[bytes] = open(output, "rb")  # noqa: SIM115 (closed by our user)
        try:
            self.pid = _forked((its_input, its_output, errors.fileno()), errors, limit)
            self._handle = os.pidfd_open(self.pid)
        except BaseException as error:
            self._input.close()
            self.output.close()
            if isinstance(error, ProcessLookupError):
                raise ServerFailed("the server ended at once") from error
            raise
        finally:
            os.close(its_input)
            os.close(its_output)

    def __del__(self) -> None:
        if "_handle" in vars(self):
            os.close(self._handle)

    def ended(self, *, within: float | None = 0.0) -> bool:
        """Stopped by a signal, it has not ended; `within` None waits until it has."""
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(None if within is None else 1000.0 * within))

    def leave(self) -> None:
        """Close its standard input."""
        self._input.close()

    def kill(self) -> None:
        """End it at once, and wait until it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        self.ended(within=None)

    def fate(self) -> str:
        """Its parent alone could know more."""
        return "ended"


def can_fork() -> bool:
    """Whether this system has what a zygote needs: Linux since 5.3, where nobody forbids it."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def peer_is_us(line: socket.socket) -> bool:
    """The process at the other end of a local socket runs as our own user."""
    peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # pid, uid, gid
    return int.from_bytes(peer[4:8], sys.byteorder) == os.getuid()


def this_run() -> str:
    """What the processes of one run have in common: the process that started them, or their job at Ray."""
    if "RAY_JOB_ID" in os.environ:
        return f"ray-{os.environ.get('RAY_RAYLET_PID')}-{os.environ['RAY_JOB_ID']}"
    parent = multiprocessing.parent_process()
    return str(os.getpid() if parent is None else parent.pid)


def _forked(streams: tuple[int, int, int], errors: IO[bytes], limit: float) -> int:
    """The number of a server's process with these streams."""
    for _ in range(ATTEMPTS):
        line = _connected(errors)
        with contextlib.suppress(ConnectionError):
            socket.send_fds(line, [b"\0"], streams)
            if told := _told(line, limit):
                for earlier in _line:
                    earlier.close()
                _line[:] = [line]
                return int(told)
    raise ServerFailed(f"the process that servers are forked from ended: {last_lines(errors)}")


def _told(line: socket.socket, limit: float) -> bytes:
    """What the zygote answers; nothing if it is gone."""
    quick = min(QUICK_START, limit)
    with contextlib.suppress(TimeoutError):
        line.settimeout(quick)
        return line.recv(LONGEST_NUMBER)
    if limit > quick and _zygotes:
        log.warning(
            "the embedded server is not ready yet: its very first start compiles for a minute or two; "
            "any other takes so long on a busy machine alone"
        )
    line.settimeout(max(limit - quick, A_MOMENT))
    return line.recv(LONGEST_NUMBER)


def _connected(errors: IO[bytes]) -> socket.socket:
    """A line to this run's zygote, which is started if there is none."""
    address = f"\0driving-zygote-{os.stat('/proc/self/ns/pid').st_ino}-{this_run()}"
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            line.connect(address)
            if not peer_is_us(line):
                raise ServerFailed(f"another user's process listens at {address[1:]}")
            return line
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            try:
                listener.bind(address)
            except OSError:  # another process of this run is just about to listen there
                time.sleep(A_MOMENT)
                continue
            listener.listen()
            line.connect(address)
            _start(listener, errors)
            return line


def _start(listener: socket.socket, errors: IO[bytes]) -> None:
    _zygotes[:] = [zygote for zygote in _zygotes if zygote.poll() is None]
    zygote = subprocess.Popen(
        (*ZYGOTE, this_run()),
        stdin=listener.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env={**os.environ, **ONE_THREAD},
        start_new_session=True,  # a Ctrl-C in the terminal is ours to handle
    )
    _zygotes.append(zygote)
