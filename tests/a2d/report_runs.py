"""Two little runs on disk with known results, for the tests of the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from a2d.config import EnvConfig, TrainConfig
from a2d.evaluation import append_record
from a2d.run import Run
from sensors.video import VideoWriter

HITS = {"a2d": {8}, "ail": {0, 2, 4, 6}}
"""Which seeds each method hits; of 20 seeds the even ones have a child."""


def make_run(folder: Path, method: str, *, videos: int = 0, seed: int = 0) -> Path:
    """A run that evaluated seeds 0 to 19 and recorded the first few."""
    env = EnvConfig(id="driving/ChildCrossing-v0", server="embedded", vector="async", count=2)
    run = Run.create(folder, TrainConfig(preset="child_crossing", method=method, env=env, seed=seed))
    run.save({"shapes": "{}", "finished": True})
    for done in range(5):
        metrics = {"interactions": 100 * done, "train/return": done - 5.0, "divergence": 0.1 * done}
        run.append({"round": done, **metrics} | ({"eval/return": done - 4.0} if done % 2 else {}))
    (folder / "evaluation").mkdir()
    episodes = [episode(number, method) for number in range(20)]
    for record in episodes:
        append_record(folder / "evaluation" / "heldout.jsonl", record)
    if videos:
        record_videos(folder / "videos" / "heldout", episodes[:videos])
    return folder


def episode(seed: int, method: str) -> dict[str, Any]:
    """What happened on one seed."""
    hit = seed in HITS[method]
    return {
        "seed": seed,
        "suite": "heldout",
        "return": -10.0 if hit else 4.0,
        "steps": 50 if hit else 120,
        "outcome": "hit_child" if hit else "arrived",
        "child": seed % 2 == 0,
        "hazard": seed % 2 == 0,
        "nearest_at": 0.4 if seed % 2 == 0 else None,
        "impact_speed": 5.0 if hit else 0.0,
        "duration": 5.0 if hit else 12.0,
    }


def record_videos(folder: Path, episodes: list[dict[str, Any]]) -> None:
    """A second of moving light per episode, and the index that belongs to it."""
    entries = []
    for record in episodes:
        name = f"seed-{record['seed']:06d}-{record['outcome']}.mp4"
        with VideoWriter(folder / name, fps=10) as video:
            for step in range(10):
                frame = np.full((90, 160, 3), 60, np.uint8)
                frame[:, 16 * step : 16 * step + 16] = 220
                video.write(frame)
        entries.append({**record, "file": name, "fps": 10})
    (folder / "index.json").write_text(json.dumps({"suite": "heldout", "episodes": entries}))
