"""Lane worlds of every vector kind, and that two kinds give the same episodes."""

from __future__ import annotations

import numpy as np
from gymnasium.vector import AutoresetMode

from a2d.config import EnvConfig
from a2d.vector import make_worlds, stopping


def lanes(vector, **options):
    """The lane world of tests, of a vector kind; `turns` has two worlds in a worker."""
    kind, per_worker = ("async", 2) if vector == "turns" else (vector, 1)
    return EnvConfig(id="lane_world:Lane-v0", vector=kind, per_worker=per_worker, options=options)


def assert_same_episodes(*kinds):
    """Drive the same seeds with the same actions, past an end and a reset of one world, and compare."""
    results = []
    for vector in kinds:
        with stopping(make_worlds(lanes(vector), count=2, suite="train")) as worlds:
            assert worlds.metadata["autoreset_mode"] is AutoresetMode.DISABLED
            results.append(_driven(worlds))
    for one, other in zip(*results, strict=True):
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key], other[key])
            assert key == "reward" or one[key].dtype == other[key].dtype


def _driven(worlds):
    observation, _ = worlds.reset(seed=[3, 4])
    seen = [observation]
    for _ in range(5):
        observation, reward, _, truncated, info = worlds.step(np.full((2, 2), 0.25, np.float32))
        seen.append({**observation, "reward": reward})
    assert truncated.all()
    assert info["outcome"].tolist() == ["arrived", "arrived"]
    observation, _ = worlds.reset(seed=[5, 6], options={"reset_mask": np.array([True, False])})
    return [*seen, observation]
