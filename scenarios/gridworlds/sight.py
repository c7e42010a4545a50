"""What the trainee sees of a gridworld: a vector, or a picture with or without noise."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from scenarios.gridworlds.drawing import as_image
from scenarios.gridworlds.games import game_tables
from scenarios.suites import refined

IMAGE_SIZE = 42  # pixels
SAMPLES = 10  # along each side of a pixel
OBSERVATIONS = ("compact", "image")
TAPE_LENGTH = 2**20  # deviates of noise, of which a picture takes a stretch


class Sight:
    """Looks up what many trainees see at once.

    Attributes:
        name: Key of the observation, `compact` or `image`.
        space: Of one observation: float32 (K,) in [0, 1], or uint8 (3, 42, 42).
    """

    def __init__(self, game: str, *, observation: str, noise: float) -> None:
        """Prepare the table of everything that can be seen.

        Args:
            game: A name of `scenarios.gridworlds.games.GAMES`.
            observation: `compact` or `image`.
            noise: Standard deviation of each channel of each pixel of an image, as a share of 255.

        Raises:
            ValueError: An argument is none of its choices.
        """
        if observation not in OBSERVATIONS:
            raise ValueError(f"unknown observation {observation!r}; choose one of: {', '.join(OBSERVATIONS)}")
        if not 0.0 <= noise <= 1.0:
            raise ValueError(f"noise is in [0, 1], got {noise}")
        if noise and observation != "image":
            raise ValueError("noise is for observation=image")
        self.name = observation
        self._tape = _noise_tape(noise) if noise else None
        self._seen: NDArray[Any]  # (P, *space.shape): everything there is to see
        self._number: NDArray[np.int64]  # (S,): which of it is seen in each state
        if observation == "compact":
            self._seen = game_tables(game).compact
            self._number = np.arange(len(self._seen))
        else:
            self._seen, self._number = _pictures(game)
        brightest, kind = (255, np.uint8) if observation == "image" else (1, np.float32)
        self.space = spaces.Box(0, brightest, self._seen.shape[1:], kind)  # type: ignore[arg-type]

    def look(
        self,
        states: NDArray[np.int64],
        *,
        keys: NDArray[np.uint64],
        steps: NDArray[np.int64],
        out: NDArray[Any] | None,
    ) -> NDArray[Any]:
        """Return what is seen in each state, shape (N, *space.shape).

        Args:
            states: Number of each world's state, shape (N,).
            keys: Each episode's source of chance (see `scenarios.suites`), for the noise; shape (N,).
            steps: Steps since each episode began, for the noise; shape (N,).
            out: Array to write to; None for a new one.
        """
        # A number is never out of range; clipping is what lets numpy write to `out` without a copy.
        seen: NDArray[Any] = np.take(self._seen, self._number[states], axis=0, out=out, mode="clip")
        if self._tape is not None:
            _add_noise(seen, self._tape, keys=refined(keys, 2 * steps + 1))
        return seen


@lru_cache(maxsize=16)
def _pictures(game: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Paint every scene that differs for the trainee, uint8 (P, 3, 42, 42), and number each state's, (S,)."""
    model = game_tables(game)
    scenes = np.concatenate([model.agent[:, None], model.shown.reshape(len(model.agent), -1)], axis=1)
    _, first, number = np.unique(scenes, axis=0, return_index=True, return_inverse=True)
    painted = [as_image(model.shown[s], int(model.agent[s]), size=IMAGE_SIZE, samples=SAMPLES) for s in first]
    return np.ascontiguousarray(np.stack(painted).transpose(0, 3, 1, 2)), number.reshape(-1)


@lru_cache(maxsize=4)
def _noise_tape(noise: float) -> NDArray[np.int16]:
    """Normal deviates in grey levels, drawn once: new ones for each picture would cost more than all else."""
    deviates = np.random.default_rng(0).standard_normal(TAPE_LENGTH, dtype=np.float32)
    return np.rint(deviates * (noise * 255)).astype(np.int16)


def _add_noise(images: NDArray[np.uint8], tape: NDArray[np.int16], *, keys: NDArray[np.uint64]) -> None:
    """Add to each image (N, ...), in place, the stretch of the tape that its key stands for."""
    pixels = images.reshape(len(images), -1)
    stretches = np.lib.stride_tricks.sliding_window_view(tape, pixels.shape[1])
    noisy = stretches[(keys % np.uint64(len(stretches))).astype(np.int64)]
    noisy += pixels
    pixels[:] = np.clip(noisy, 0, 255, out=noisy)
