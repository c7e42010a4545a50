"""Processes, so many at once: started, watched, and stopped with whoever started them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK_EVERY = 0.05  # s
_GRACE = 10.0  # s, to tidy up in after being asked to stop


@dataclass(frozen=True, slots=True)
class Job:
    """A command to run."""

    name: str
    command: Sequence[str]
    log: Path  # what it prints is appended here
    after: str  # name of the job that must have succeeded first; empty for none


def run_jobs(
    jobs: Sequence[Job],
    *,
    at_once: int,
    environment: Mapping[str, str],
    ended: Callable[[Job, str], None],
) -> None:
    """Run jobs in their order, `at_once` of them at a time; whatever ends this ends those still running.

    Each is a session of its own, so that Ctrl-C at the terminal reaches the caller alone.

    Args:
        jobs: What to run; a job's `after` is among them, or is taken for done.
        at_once: How many at a time.
        environment: Variables of the jobs, beside those of this process.
        ended: Called as each ends with what is wrong: empty for success, else its last lines, or which
            job it waited for in vain.
    """
    waiting, running = list(jobs), dict[subprocess.Popen[bytes], Job]()
    unfinished, failed = {job.name for job in jobs}, set[str]()

    def end(job: Job, trouble: str) -> None:
        unfinished.discard(job.name)
        if trouble:
            failed.add(job.name)
        ended(job, trouble)

    try:
        while waiting or running:
            for job in list(waiting):
                if job.after in failed:
                    waiting.remove(job)
                    end(job, f"not started, since {job.after} failed")
                elif job.after not in unfinished and len(running) < at_once:
                    waiting.remove(job)
                    running[_start(job, environment)] = job
            for process in [process for process in running if process.poll() is not None]:
                job = running.pop(process)
                end(job, "" if process.returncode == 0 else _trouble(job, process.returncode))
            time.sleep(_LOOK_EVERY)
    finally:
        _stop(list(running))


def _start(job: Job, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with job.log.open("ab") as log:
        return subprocess.Popen(
            job.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    until = time.monotonic() + _GRACE
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _trouble(job: Job, code: int) -> str:
    """The last lines of a job's log; of a traceback the last alone says what is wrong."""
    lines = job.log.read_text("utf-8", errors="replace").splitlines()[-3:]
    return "\n".join([line.rstrip() for line in lines if line.strip()]) or f"ended with {code} and no word"
