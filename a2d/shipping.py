"""Trained trainees that ship with the package: how a finished run is packed, and how one is found by name."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import torch

from a2d.config import to_yaml
from a2d.errors import RunError
from a2d.files import read_json, write_atomically
from a2d.methods import method_of
from a2d.origin import code_commit
from a2d.run import CHECKPOINT, CONFIG, METRICS, ORIGIN, Run, checkpoint_id

LIMIT = 5_000_000
"""Most bytes of a trainee that ships: everybody who takes the package takes it, too."""
TRAINED = Path(str(resources.files("a2d.trained")))
"""Where they are."""


def find_run(named: str | Path) -> Run:
    """Open the run that a command line names: a run's folder, or else a trainee that ships.

    Raises:
        RunError: There is neither; the message lists what ships.
    """
    name, folder = str(named), Path(named)
    if name in shipped() and not (folder / CONFIG).is_file():
        return _shipped_run(name)
    if folder.exists() or len(folder.parts) > 1:
        return Run.open(folder)
    raise RunError(
        f"{name} is no run's folder and no trainee that ships with the package; those that ship: "
        f"{', '.join(shipped()) or 'none with this version'}"
    )


def shipped() -> tuple[str, ...]:
    """Name the trainees that ship."""
    return tuple(sorted(path.parent.name for path in TRAINED.glob(f"*/{CONFIG}")))


def pack(run: Run, out: Path, *, limit: int = LIMIT) -> list[Path]:
    """Write what is needed to drive with a run's trainee, and to know what it is, into a new folder.

    That is its config, the trainee's weights, its metrics, its commit and seed, and the results of its
    evaluations, which from then on name the packed checkpoint. All of it appears at once, or nothing.

    Args:
        run: A finished run that was evaluated.
        out: The folder; its name will be the trainee's.
        limit: Most bytes of all files together.

    Returns:
        The files.

    Raises:
        RunError: The run is unfinished, gives no trainee or was not evaluated, the folder is there already,
            or the files are too large.
        DiskFull: No space left.
    """
    checkpoint = run.checkpoint()
    _refuse_unfit(run, checkpoint)
    if out.exists():
        raise RunError(f"{out} is there already; delete it to pack anew, or choose another --out")
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        (partial / "evaluation").mkdir(parents=True)
        _write(run, checkpoint, partial)
        files = sorted(path for path in partial.rglob("*") if path.is_file())
        _refuse_large(run, files, limit)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [out / path.relative_to(partial) for path in files]


def _shipped_run(name: str) -> Run:
    folder = TRAINED / name
    run = Run(folder, Run.open(folder).config, name=name)
    if (run.results / CONFIG).is_file():
        raise RunError(
            f"{run.results} is a run of its own, and the results of the trainee {name} that ships would be "
            f"written there; rename that folder, or name it as a path: {run.results}"
        )
    return run


def _refuse_unfit(run: Run, checkpoint: dict[str, Any]) -> None:
    if run.name:
        raise RunError(f"{run.name} ships already; name a run's folder")
    if not checkpoint.get("finished"):
        raise RunError(f"{run.folder} is not finished; train it to its end before it ships")
    if method_of(run.config).driver != "trainee":
        raise RunError(
            f"{run.folder} is a run of {run.config.method} and gives an expert that reads the simulator's "
            "state, no trainee"
        )
    run.load_trainee("cpu")  # refuses what would not load again
    if not _evaluations(run):
        raise RunError(f"{run.folder} has no evaluation of its checkpoint; run: a2d evaluate {run.quoted}")


def _write(run: Run, checkpoint: dict[str, Any], folder: Path) -> None:
    packed = {key: checkpoint[key] for key in ("shapes", "rounds", "interactions", "seconds", "finished")}
    weights = checkpoint["best"] or checkpoint["trainee"]
    packed |= {"best": {}, "trainee": weights}
    write_atomically(folder / CHECKPOINT, partial(torch.save, packed))
    config = replace(run.config, run="", device="cpu")
    write_atomically(folder / CONFIG, to_yaml(config).encode())
    if run.metrics_path.is_file():
        write_atomically(folder / METRICS, run.metrics_path.read_bytes())
    origin = {
        "commits": run.commits,
        "seed": run.config.seed,
        "preset": run.config.preset,
        "method": run.config.method,
        "interactions": checkpoint["interactions"],
        "run_checkpoint": checkpoint_id(run),
        "packed_by": code_commit(),
    }
    write_atomically(folder / ORIGIN, (json.dumps(origin, indent=1) + "\n").encode())
    new = checkpoint_id(Run(folder, config))
    for name, content in _evaluations(run).items():
        text = json.dumps({**content, "checkpoint": new}, indent=1) + "\n"
        write_atomically(folder / "evaluation" / name, text.encode())


def _evaluations(run: Run) -> dict[str, dict[str, Any]]:
    """The summaries of this checkpoint's evaluations, by file name."""
    current, found = checkpoint_id(run), {}
    for path in sorted((run.results / "evaluation").glob("*.json")):
        content = read_json(path)
        if content.get("checkpoint") == current:
            found[path.name] = content
    return found


def _refuse_large(run: Run, files: list[Path], limit: int) -> None:
    sizes = {path.name: path.stat().st_size for path in files}
    largest = max(sizes, key=lambda name: sizes[name])
    if sum(sizes.values()) > limit:
        raise RunError(
            f"{run.folder} packs to {sum(sizes.values()) / 1e6:.1f} MB, what ships has {limit / 1e6:.1f} MB "
            f"at most; {largest} alone has {sizes[largest] / 1e6:.1f}"
        )
