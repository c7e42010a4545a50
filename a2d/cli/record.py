"""`a2d record`: dashcam videos of held-out episodes, driven by the trained trainee."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from a2d import evaluation
from a2d.cli import progress
from a2d.cli.commentary import Commentary, Witness
from a2d.cli.driver import drivers, worlds_of
from a2d.evaluation import Act, EvaluationError, Record, is_fault
from a2d.film_index import read_index, write_index
from a2d.ranges import LAST_SEED, MOST_EPISODES
from a2d.run import Run, checkpoint_id
from a2d.shipping import find_run
from sensors.video import VideoWriter

_HOLD = 2.0  # s for which the last picture stays, so that its outcome can be read


def record(
    run: Annotated[Path, typer.Argument(help="The run's folder, or the name of a trainee that ships.")],
    suite: Annotated[str, typer.Option(help="Which episodes: heldout, train, ...")] = "heldout",
    episodes: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_EPISODES, help="How many; default: 4, or the one that --seed names."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LAST_SEED, help="The first seed; the others follow it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; default: RUN/videos/SUITE.")] = None,
    server: Annotated[
        str | None, typer.Option(help="embedded, docker or HOST:PORT; default: as trained.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    explain: Annotated[
        bool, typer.Option("--explain", help="On the road: show what moves the trainee, and its expert.")
    ] = False,
) -> None:
    """Record one H.264 video per episode, named by its seed and how it ended, with an index.json.

    An episode that is there already is not recorded again. Films of another checkpoint make room for the
    first new one; a folder that --out names is refused if it has such. With --explain each frame has a
    strip below: where the trainee's picture moves it, its commands and its expert's, the critic's value, and
    the moment the child comes into sight; these films are in RUN/videos/SUITE-explained.

    Example: a2d record runs/child_crossing-a2d-0 --episodes 4; a2d record runs/demo/a2d --seed 17 --explain
    """
    seeds = chosen(seed, episodes)
    console = progress.console()
    opened = find_run(run)
    folder = out or opened.results / "videos" / (f"{suite}-explained" if explain else suite)
    recorded(
        opened,
        folder,
        suite=suite,
        seeds=seeds,
        server=server,
        device=device,
        console=console,
        explain=explain,
        spare=out is not None,
    )
    console.print(f"{len(seeds)} {'episode is' if len(seeds) == 1 else 'episodes are'} in {folder}")


def chosen(seed: int | None, episodes: int | None) -> range:
    """The seeds that the options name: a seed alone is one episode."""
    first = 0 if seed is None else seed
    return range(first, first + (episodes or (4 if seed is None else 1)))


def recorded(
    run: Run,
    folder: Path,
    *,
    suite: str,
    seeds: range,
    server: str | None,
    device: str,
    console: Console,
    explain: bool = False,
    spare: bool = False,
) -> None:
    """Record the seeds of which this checkpoint has no video yet, in place of others' or to `spare` those.

    Raises:
        EvaluationError: The index cannot be read, the world draws no pictures, or others' films are spared.
    """
    origin = {"suite": suite, "checkpoint": checkpoint_id(run), "server": server or run.config.env.server}
    index, others = _index(folder, origin)
    if others and spare:
        raise EvaluationError(
            f"{folder} has films of another driver, suite or server; choose another --out, or delete it"
        )
    missing = [seed for seed in seeds if seed not in index]
    if not missing:
        return
    act = drivers(run, device=device, sampled=False)()
    comment = Commentary(run, device=device) if explain else None
    options = comment.options if comment is not None else {}
    with (
        # One world: its pictures, not its physics, are what takes time.
        worlds_of(run, count=1, suite=suite, server=server, render_mode="rgb_array", **options) as worlds,
        progress.progress_of("videos", len(missing), on=console) as advance,
    ):
        watched = Witness(worlds)
        for seed in missing:
            index[seed] = _film_whole(watched, act, seed, folder=folder, comment=comment)
            for name in others - {index[seed]["file"]}:
                (folder / name).unlink(missing_ok=True)
            others = set()
            write_index(folder, origin, index)
            advance(index[seed]["file"])


def _film_whole(worlds: Witness, act: Act, seed: int, *, folder: Path, comment: Commentary | None) -> Record:
    """Film an episode, again where a fault of the simulator ended it; the last film is kept."""
    for _ in range(evaluation.TRIES - 1):
        record = _film(worlds, act, seed, folder=folder, comment=comment)
        if not is_fault(record):
            return record
        (folder / record["file"]).unlink(missing_ok=True)
    return _film(worlds, act, seed, folder=folder, comment=comment)


def _film(worlds: Witness, act: Act, seed: int, *, folder: Path, comment: Commentary | None) -> Record:
    """Drive one episode before the camera; its record, with the file's name under `file`."""
    fps = float(worlds.metadata.get("render_fps") or 10)
    with VideoWriter(folder / f"seed-{seed:06d}.mp4", fps=fps) as video:

        def act_on_camera(observation: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
            picture = _picture(worlds)
            if comment is not None:
                picture = comment(picture, observation, told=worlds.told, fps=fps)
            video.write(picture)
            return act(observation)

        [record] = evaluation.evaluate(worlds, lambda: act_on_camera, [seed], tries=1)
        last = _picture(worlds)
        for _ in range(max(1, round(_HOLD * fps))):
            video.write(last if comment is None else comment.again(last))
        video.path = folder / f"seed-{seed:06d}-{record['outcome']}.mp4"
    return record | {"file": video.path.name, "fps": fps}


def _picture(worlds: Witness) -> NDArray[np.uint8]:
    pictures = worlds.render()
    if not pictures or not isinstance(pictures[0], np.ndarray):
        raise EvaluationError(
            "this world draws no pictures (render_mode rgb_array), so there is no video of it"
        )
    return pictures[0]


def _index(folder: Path, origin: dict[str, Any]) -> tuple[dict[int, Record], set[str]]:
    """What is recorded of this checkpoint on this server, by seed; or the names of others' films."""
    whose, entries = read_index(folder)
    if all(whose.get(key) == value for key, value in origin.items()):
        there = {seed: entry for seed, entry in entries.items() if (folder / entry["file"]).is_file()}
        return there, set()
    return {}, {entry["file"] for entry in entries.values()}
