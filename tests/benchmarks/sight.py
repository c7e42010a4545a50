"""What a trainee comes to see with which settings: minutes, where trained drivers would take hours.

python -m tests.benchmarks.sight FILE.npz [--pictures 56000] [--samples 600000] [--picture all] [KEY=VALUE]

The encoder is fitted as in training (the regression of the state beside the projection, averaged over
rounds), to pictures of training episodes, and asked whether a child is in sight on pictures of held-out ones.
FILE keeps the pictures, so that settings are compared on the same; they are driven first if there is none.
`--picture` shows the encoder less of the same pictures; for more, `env.options.image_width=144
env.options.image_height=72`.
`--run RUN` asks a trained trainee instead, who must have been trained with the same camera.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from a2d.config import TrainConfig, load
from a2d.vector import make_worlds, stopping
from driving.features import STATE

if TYPE_CHECKING:  # worker processes import this module, and are free of torch
    from a2d.policies import Trainee

HELD_OUT = 12_000  # pictures
WORLDS = 8
LAST_SEED = 2**31
CHUNKS = 32  # in which pictures are made smaller: whole, they are gigabytes as floats
LOOKS = 2  # at what has been learnt, halfway and at the end
FAST = 3.0  # m/s; who is slower brakes already
FALSE_ALARMS = 0.01  # share of the pictures without a child in sight
NAMES = list(STATE)
KEYS = ("state", "image", "telemetry")
Rows = Mapping[str, NDArray]


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    frames = image.reshape(len(image), -1, 3, *image.shape[-2:])
    return frames.mean(axis=2, dtype=np.float32).astype(np.uint8)


def _coarse(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    *outer, height, width = image.shape
    blocks = image.reshape(*outer, height // 2, 2, width // 2, 2)
    return blocks.mean(axis=(-3, -1), dtype=np.float32).astype(np.uint8)


PICTURES: Mapping[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "all": lambda image: image,
    "grey": _grey,  # without colour
    "newest": lambda image: image[:, -3:],  # of the stacked frames
    "coarse": _coarse,  # half as many pixels each way
}


def main() -> None:
    """Print what is found of what is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--preset", default="child_crossing")
    parser.add_argument("--pictures", type=int, default=56_000, help="of training episodes")
    parser.add_argument("--samples", type=int, default=600_000, help="drawn from them, with replacement")
    parser.add_argument("--picture", default="all", choices=PICTURES, help="what of each picture is shown")
    parser.add_argument("--run", type=Path, help="ask its trainee, and fit nobody")
    parser.add_argument("settings", nargs="*")
    arguments = parser.parse_intermixed_args()
    config = load(arguments.preset, [*arguments.settings, "env.vector=async"])
    if not arguments.file.exists():
        parts = {"train": arguments.pictures, "heldout": HELD_OUT}
        driven = {suite: _driven(config, suite, pictures) for suite, pictures in parts.items()}
        np.savez(arguments.file, **{f"{suite}_{key}": driven[suite][key] for suite in parts for key in KEYS})
    held_out = _kept(arguments.file, "heldout", HELD_OUT, picture=arguments.picture)
    if arguments.run is not None:
        print(f"{arguments.run}: {_found(_seen_by(arguments.run, held_out), held_out['state'])}")
        return
    train = _kept(arguments.file, "train", arguments.pictures, picture=arguments.picture)
    label = " ".join((arguments.picture, *arguments.settings))
    _fit(config, train, held_out, samples=arguments.samples, label=label)


def _kept(file: Path, suite: str, pictures: int, *, picture: str) -> Rows:
    with np.load(file) as kept:
        rows = {key: kept[f"{suite}_{key}"][:pictures] for key in KEYS}
    parts = np.array_split(rows["image"], CHUNKS)
    rows["image"] = np.concatenate([PICTURES[picture](part) for part in parts])
    return rows


def _driven(config: TrainConfig, suite: str, pictures: int) -> Rows:
    """Drive like the careful script, each world a little faster or slower, and all of them unsteadily."""
    rng = np.random.default_rng(0)  # of seeds, which are other episodes in another suite
    rows: dict[str, list[NDArray]] = {key: [] for key in KEYS}
    with stopping(
        make_worlds(config.env, count=WORLDS, suite=suite, scripted_expert="slow_then_react")
    ) as worlds:
        mask, haste, label = np.ones(WORLDS, np.bool_), np.zeros(WORLDS), np.zeros((WORLDS, 2), np.float32)
        while len(rows["state"]) * WORLDS < pictures:
            if mask.any():
                seeds = rng.integers(LAST_SEED, size=WORLDS).tolist()
                observation, info = worlds.reset(seed=seeds, options={"reset_mask": mask})  # type: ignore[arg-type]
                haste[mask] = rng.normal(0.0, 0.15, mask.sum())
                label[mask] = info["expert_action"][mask]
            for name, values in rows.items():
                values.append(observation[name].copy())
            action = label + rng.normal(0.0, 0.3, label.shape)
            action[:, 1] += haste
            observation, _, terminated, truncated, info = worlds.step(
                np.clip(action, -1, 1).astype(np.float32)
            )
            label[:] = info["expert_action"]
            mask = np.asarray(terminated) | np.asarray(truncated)
    return {name: np.concatenate(values) for name, values in rows.items()}


def _fit(config: TrainConfig, train: Rows, held_out: Rows, *, samples: int, label: str) -> None:
    import torch

    from a2d.learner import Learner
    from a2d.policies import shapes_of
    from a2d.projection import HARDNESS, fit_encoder

    torch.set_num_threads(1)
    with stopping(make_worlds(config.env, count=1, suite="train")) as worlds:
        shapes = shapes_of(worlds.single_observation_space, worlds.single_action_space)
    shapes = replace(shapes, image=train["image"].shape[1:])
    learner = Learner(config, shapes, device=torch.device("cpu"))
    learner.buffer.add({**train, HARDNESS: np.ones(len(train["state"]), np.float32)})
    round_samples = config.rollout.steps * config.env.count * config.trainee.updates_per_step
    steps = round(round_samples / config.trainee.minibatch)
    rounds, started = max(LOOKS, round(samples / round_samples)), time.process_time()
    for done in range(1, rounds + 1):
        learner.interactions = config.rollout.interactions * (done - 1) // rounds
        learner.anneal()
        fit_encoder(
            learner.trainee,
            learner.trainee_optimizer,
            buffer=learner.buffer,
            steps=steps,
            config=config.trainee,
            error=learner.state_error,
            rng=learner.batches,
        )
        learner.end_round()
        if done in (rounds // LOOKS, rounds):
            found = _found(_estimates(learner.driver, held_out), held_out["state"])
            same = {key: values[: len(held_out["state"])] for key, values in train.items()}
            known = _found(_estimates(learner.driver, same), same["state"])
            drawn, seconds = done * steps * config.trainee.minibatch, time.process_time() - started
            print(f"{label}: {drawn} samples, {seconds:.0f} CPU-s: {found}", flush=True)
            print(f"    of what it learnt from: {known}", flush=True)


def _seen_by(folder: Path, rows: Rows) -> NDArray[np.float32]:
    """How sure a run's trainee is that a child is in sight, shape (B,)."""
    from a2d.shipping import find_run

    return _estimates(find_run(folder).load_trainee("cpu"), rows)


def _estimates(trainee: Trainee, rows: Rows) -> NDArray[np.float32]:
    """How sure it is that a child is in sight, shape (B,)."""
    import torch

    parts = []
    with torch.inference_mode():
        for start in range(0, len(rows["state"]), 1000):
            part = {key: torch.from_numpy(rows[key][start : start + 1000]) for key in trainee.reads}
            parts.append(trainee(part).state[:, NAMES.index("child_seen")].numpy())
    return np.concatenate(parts)


def _found(estimate: NDArray[np.float32], state: NDArray[np.float32]) -> str:
    """Of the children in sight, the share found: all, those near, and those near and to the side."""
    there = state[:, NAMES.index("child_seen")] > 0
    forward, right = (
        state[:, NAMES.index(name)] * STATE[name][0] for name in ("child_seen_forward", "child_seen_right")
    )
    near = there & (forward > 0.5) & (forward < 6.0)
    aside = there & (forward > 0.3) & (forward < 5.0) & (right > 1.0)
    sure = estimate > np.quantile(estimate[~there], 1.0 - FALSE_ALARMS)
    late = aside & (state[:, NAMES.index("speed")] * STATE["speed"][0] > FAST)
    parts = (
        ("found", there),
        ("within 6 m", near),
        ("within 5 m and aside", aside),
        ("the same at speed", late),
    )
    error = np.square(estimate[aside] - 1.0).mean()
    shares = ", ".join(f"{name} {sure[which].mean():.1%} of {which.sum()}" for name, which in parts)
    return f"{shares}; mean square error aside {error:.4f}"


if __name__ == "__main__":
    main()
