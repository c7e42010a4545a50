"""Progress of long work: a bar with rate and time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_LOG_EVERY = 15.0  # s


def console() -> Console:
    """Where a command prints; in a log, wide enough for a table."""
    found = Console()
    return found if found.is_terminal else Console(width=110)


@contextmanager
def progress_of(what: str, total: int, *, on: Console) -> Iterator[Callable[[str], None]]:
    """Count `total` pieces of work.

    Yields:
        A function to call after each piece, with a short remark such as the share of hits so far.
    """
    started = time.monotonic()
    if not on.is_terminal:
        yield _logger(what, total, started=started, console=on)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[remark]}"),
    )
    with Progress(*columns, console=on) as bar:
        task = bar.add_task(what, total=total, rate="", remark="")
        done = 0

        def advance(remark: str) -> None:
            nonlocal done
            done += 1
            bar.update(task, completed=done, rate=_rate(done, since=started), remark=remark)

        yield advance


def _logger(what: str, total: int, *, started: float, console: Console) -> Callable[[str], None]:
    done, last = 0, started

    def advance(remark: str) -> None:
        nonlocal done, last
        done += 1
        now = time.monotonic()
        if done == total or now - last >= _LOG_EVERY:
            last = now
            left = (now - started) / done * (total - done)
            console.print(f"{what} {done}/{total}, {_rate(done, since=started)}, {left:.0f} s left  {remark}")

    return advance


def _rate(done: int, *, since: float) -> str:
    per_second = done / max(time.monotonic() - since, 1e-9)
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.1f}/min"
