"""`a2d export`: a run's trainee as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from a2d.cli import progress
from a2d.files import refuse_folder
from a2d.onnx_export import MEMORY
from a2d.onnx_export import export as write_onnx
from a2d.shipping import find_run


def export(
    run: Annotated[Path, typer.Argument(help="The run's folder, or the name of a trainee that ships.")],
    out: Annotated[Path, typer.Option(help="The file to write, such as driver.onnx.")],
) -> None:
    """Write the trainee as an ONNX graph: pictures uint8 as the world gives them in, the action out.

    The normalisation is in the graph, the batch size is free, the metadata name preset, seed and commit. A
    trainee with a memory takes it in and gives it out; zeros begin an episode.

    Example: a2d export runs/child_crossing-a2d-0 --out driver.onnx
    """
    console = progress.console()
    refuse_folder(out)
    acting = write_onnx(find_run(run), out)
    names = f"{', '.join(acting.inputs)} -> {', '.join(acting.outputs)}"
    remark = f"; {MEMORY} is zeros where an episode begins" if MEMORY in acting.inputs else ""
    console.print(f"{out}: {names}, {out.stat().st_size / 1e6:.2f} MB{remark}", soft_wrap=True)
