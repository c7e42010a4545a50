"""A server as a process of our own: started, asked for its memory, stopped."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import psutil

from driving.endpoint import Endpoint, answered_version
from driving.errors import ServerFailed

EMBEDDED = (
    *(sys.executable, "-m", "driving.cli", "serve", "--port", "0", "--exit-with-stdin"),
    "--no-navigation",  # nobody here has walkers led by AI, and clients would keep its mesh as a file
)
PATIENCE = 3.0  # s that a healthy server has to end by itself
LAST_LINES = 5  # of its log that an error shows
LARGEST_TAIL = 4096  # bytes of them


class ProcessServer:
    """A command that prints `ready HOST:PORT` and ends with its standard input, so with us in any case."""

    ours = True

    def __init__(self, command: Sequence[str] = EMBEDDED, *, start_limit: float) -> None:
        """Describe the server; nothing runs yet. `start_limit` is in seconds."""
        self._command, self._start_limit = tuple(command), start_limit
        self._process: subprocess.Popen[bytes] | None = None
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
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to handle, not the server's
        )
        try:
            return self._answering(self._process, time.monotonic() + self._start_limit)
        except BaseException:
            self.stop(graceful=False)
            raise

    def alive(self) -> bool:
        """The process runs, or is stopped by a signal; it may yet answer nothing."""
        return self._process is not None and self._process.poll() is None

    def resident(self) -> int:
        """Memory that the process holds, bytes; 0 if it is gone."""
        try:
            return 0 if self._process is None else int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def log(self) -> str:
        """The last lines that it wrote on standard error, as one."""
        with contextlib.suppress(ValueError):
            size = self._log.seek(0, os.SEEK_END)
            self._log.seek(max(0, size - LARGEST_TAIL))
            lines = self._log.read().decode(errors="replace").strip().splitlines()
            return " | ".join(lines[-LAST_LINES:]) or "it said nothing"
        return "its log is closed"

    def stop(self, *, graceful: bool) -> None:
        """End the process: by its standard input, or at once."""
        process = self._process
        if process is not None:
            if graceful and process.stdin is not None:
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                    process.stdin.close()
                    process.wait(timeout=PATIENCE)
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        self._process = None
        self._log.close()

    def _answering(self, process: subprocess.Popen[bytes], deadline: float) -> Endpoint:
        output = process.stdout
        if output is None:
            raise ServerFailed("the server has no output to read")
        while time.monotonic() < deadline:
            readable, _, _ = select.select([output], [], [], 0.5)
            if readable:
                words = output.readline().decode(errors="replace").split()
                if len(words) == 2 and words[0] == "ready":
                    endpoint = Endpoint.of(words[1])
                    answered_version(endpoint, timeout=max(deadline - time.monotonic(), 1.0))
                    return endpoint
            if process.poll() is not None:
                raise ServerFailed(f"the server ended with code {process.returncode}: {self.log()}")
        raise ServerFailed(f"the server was not ready after {self._start_limit:.0f} s: {self.log()}")
