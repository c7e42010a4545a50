"""A server as a process of our own: started, asked for its memory, stopped."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import wait
from typing import IO, Protocol

import psutil

from driving.endpoint import Endpoint, answered_version
from driving.errors import ServerFailed

ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}  # for each server
PATIENCE = 3.0  # s that a healthy server has to end by itself
LAST_LINES = 5  # of its log that an error shows
LARGEST_TAIL = 4096  # bytes of them


class Process(Protocol):
    """A process that prints `ready HOST:PORT` and ends with its standard input, so with us in any case."""

    pid: int
    output: IO[bytes]

    def ended(self, *, within: float = 0.0) -> bool:
        """It is gone, or will be in so many seconds."""

    def leave(self) -> None:
        """Close its standard input."""

    def kill(self) -> None:
        """End it at once, and wait until it has ended."""

    def fate(self) -> str:
        """How it ended, as far as anybody knows."""


Launch = Callable[[IO[bytes], float], Process]
"""Starts a process that logs to a file, within so many seconds; raises ServerFailed."""


class CommandProcess:
    """A command that runs."""

    def __init__(self, command: Sequence[str], log: IO[bytes]) -> None:
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,  # a Ctrl-C in the terminal is ours to handle, not the server's
        )
        if self._popen.stdin is None or self._popen.stdout is None:
            raise ServerFailed("the server has no input or output")
        self.pid, self._input, self.output = self._popen.pid, self._popen.stdin, self._popen.stdout

    def ended(self, *, within: float = 0.0) -> bool:
        """Stopped by a signal, it has not ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(within)
        return self._popen.returncode is not None

    def leave(self) -> None:
        """Close its standard input."""
        with contextlib.suppress(OSError):
            self._input.close()

    def kill(self) -> None:
        """End it at once, and wait until it has ended."""
        self._popen.kill()
        self._popen.wait()

    def fate(self) -> str:
        """Its exit code; -9 is SIGKILL."""
        return f"ended with code {self._popen.returncode}"


def launcher(command: Sequence[str]) -> Launch:
    """What starts a command as a server."""
    return lambda log, limit: CommandProcess(command, log)


class ProcessServer:
    """A server in a process that `launch` starts."""

    ours = True

    def __init__(self, launch: Launch, *, start_limit: float) -> None:
        """Describe the server; nothing runs yet. `start_limit` is in seconds."""
        self._launch, self._start_limit = launch, start_limit
        self._process: Process | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `stop`, reopened by `start`)

    @property
    def pid(self) -> int | None:
        """Of the process that runs, or ran last."""
        return None if self._process is None else self._process.pid

    def start(self) -> Endpoint:
        """Start the process and wait until it has answered a call.

        Raises:
            ServerFailed: It ended or did not answer within the limit; with the last lines of its log.
        """
        self.stop(graceful=False)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        deadline = time.monotonic() + self._start_limit
        try:
            self._process = self._launch(self._log, self._start_limit)
            return self._answering(self._process, deadline)
        except TimeoutError as error:
            late = f"the server was not ready after {self._start_limit:.0f} s: {self.log()}"
            self.stop(graceful=False)
            raise ServerFailed(late) from error
        except BaseException:
            self.stop(graceful=False)
            raise

    def alive(self) -> bool:
        """The process runs, or is stopped by a signal; it may yet answer nothing."""
        return self._process is not None and not self._process.ended()

    def resident(self) -> int:
        """Memory that the process holds, bytes; 0 if it is gone."""
        try:
            return 0 if self._process is None else int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def log(self) -> str:
        """The last lines that it wrote on standard error, as one."""
        with contextlib.suppress(ValueError):
            return last_lines(self._log)
        return "its log is closed"

    def stop(self, *, graceful: bool) -> None:
        """End the process: by its standard input, or at once."""
        process, self._process = self._process, None
        if process is not None:
            if graceful:
                process.leave()
            if not (graceful and process.ended(within=PATIENCE)):
                process.kill()
            process.leave()
            process.output.close()
        self._log.close()

    def _answering(self, process: Process, deadline: float) -> Endpoint:
        while (left := deadline - time.monotonic()) > 0.0:
            if wait([process.output.fileno()], min(left, 0.5)):
                words = process.output.readline().decode(errors="replace").split()
                if len(words) == 2 and words[0] == "ready":
                    endpoint = replace(Endpoint.of(words[1]), ordered=True)
                    answered_version(endpoint, timeout=max(deadline - time.monotonic(), 1.0))
                    return endpoint
            if process.ended():
                raise ServerFailed(f"the server {process.fate()}: {self.log()}")
        raise TimeoutError


def last_lines(log: IO[bytes]) -> str:
    """The last lines of a log, as one."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - LARGEST_TAIL))
    lines = log.read().decode(errors="replace").strip().splitlines()
    return " | ".join(lines[-LAST_LINES:]) or "it said nothing"
