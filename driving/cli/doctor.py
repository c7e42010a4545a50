"""`driving doctor`: what training needs, looked at one by one, with what mends each."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from driving.doctor import FAILURE, OK, WARNING, examined
from driving.servers import CARLA_IMAGE

COLOURS = {OK: "green", WARNING: "yellow", FAILURE: "red"}


def doctor(
    server: Annotated[str, typer.Option(help="embedded, docker, docker@ADAPTER or HOST:PORT.")] = "embedded",
    image: Annotated[str, typer.Option(help="What a container runs.")] = CARLA_IMAGE,
) -> None:
    """Look whether training would work here: versions, memory, disk, Docker, GPU, a tick and a picture.

    Each line that is not ok names what mends it. Exits 1 if training would fail.

    Example: driving doctor --server docker
    """
    console, failures = Console(), 0
    for finding in examined(server, image=image):
        failures += finding.status == FAILURE
        colour = COLOURS[finding.status]
        console.print(
            f"[{colour}]{finding.status:8}[/] {finding.name:13} {escape(finding.found)}", soft_wrap=True
        )
        if finding.fix and finding.status != OK:
            console.print(f"{'':22} -> {escape(finding.fix)}", soft_wrap=True)
    if failures:
        console.print(f"training would fail: {failures} of these must be mended first", style="red")
        raise typer.Exit(1)
    console.print("training would work", style="green")
