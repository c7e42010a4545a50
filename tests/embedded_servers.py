"""The embedded servers that this process, or a process that it started, has started."""

from __future__ import annotations

import psutil

from driving.cli.zygote import NAME, SERVER_NAME


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
