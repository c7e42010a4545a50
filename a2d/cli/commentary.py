"""What a film's viewer is told about the driver: the trainee's insights as a strip below each frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper
from numpy.typing import NDArray

from a2d.evaluation import BEGAN, EvaluationError
from a2d.explaining import Explainer
from a2d.methods import method_of
from a2d.policies import Expert, Trainee
from a2d.run import Run
from driving.features import WIDE
from driving.registration import WORLDS
from sensors.insight import Commands, Insight, draw_insight


class Witness(VectorWrapper):
    """Worlds that remember what they told beside their last observation."""

    def __init__(self, worlds: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(worlds)
        self.told: dict[str, Any] = {}

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        observation, self.told = self.env.reset(**options)
        return observation, self.told

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        observation, reward, terminated, truncated, self.told = self.env.step(actions)
        return observation, reward, terminated, truncated, self.told


class Commentary:
    """Comments one run's episodes, frame by frame.

    The expert is the one that the trainee imitates: the run's own, another run's, or the world's.

    Args:
        run: Whose trainee drives.
        device: Of the networks.

    Raises:
        A2DError: The trainee reads no picture, or the run is not of the road.
    """

    def __init__(self, run: Run, *, device: str) -> None:
        if not run.config.env.id.startswith("driving/"):
            raise EvaluationError(
                f"--explain is for drivers on the road; {run.called} is of {run.config.env.id}"
            )
        scenario = run.config.env.options.get("scenario", WORLDS.get(run.config.env.id, ""))
        self._hazard = "oncoming" if scenario == "overtaking_truck" else "child"
        self._seen = list(WIDE).index(f"{self._hazard}_seen")  # the narrower table is where this one begins
        trainee = run.load_trainee(device)
        self._expert_name = "scripted expert" if _scripted(run) else "learned expert"
        self._explainer = Explainer(
            trainee,
            expert=_learned_expert(run, trainee, device=device),
            critic=run.load_critic(device),
            return_scale=run.config.return_scale,
        )
        self.options = {"scripted_expert": "privileged"} if _scripted(run) else {}
        """What the worlds must be made with besides."""
        self._channels = 1 if run.config.env.options.get("colour") == "none" else 3
        self._commands: list[Commands] = []
        self._seen_since: float | None = None
        self._last: Insight | None = None

    def __call__(
        self,
        picture: NDArray[np.uint8],
        observation: Mapping[str, NDArray[Any]],
        *,
        told: Mapping[str, Any],
        fps: float,
    ) -> NDArray[np.uint8]:
        """Put the strip of the step that follows `observation` below a frame.

        Args:
            picture: The frame, RGB (H, W, 3).
            observation: Of one world, arrays of shape (1, ...), with `began`.
            told: The world's info beside it.
            fps: Frames per simulated second.
        """
        if observation[BEGAN][0]:
            self._commands, self._seen_since = [], None
        found = self._explainer(observation, label=told.get("expert_action"))
        time = len(self._commands) / fps
        expert = None if found.expert is None else _pair(found.expert)
        self._commands.append(Commands(time, _pair(found.action), expert))
        if self._seen_since is None and observation["state"][0, self._seen] > 0.0:
            self._seen_since = time
        self._last = Insight(
            picture=_newest(observation["image"][0], channels=self._channels),
            heat=found.saliency,
            commands=self._commands,
            expert_name=self._expert_name,
            value=found.value,
            hazard=self._hazard,
            seen_since=self._seen_since,
        )
        return draw_insight(picture, self._last)

    def again(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A frame of after the end, with the strip of the last step."""
        return picture if self._last is None else draw_insight(picture, self._last)


def _scripted(run: Run) -> bool:
    """The expert is the world's own: the trainee imitates it, or the run has no other."""
    learned = method_of(run.config).improves == "expert" or run.config.expert_from != "scripted"
    return bool(run.name) or not learned


def _learned_expert(run: Run, trainee: Expert | Trainee, *, device: str) -> Expert | None:
    if _scripted(run) or isinstance(trainee, Expert):
        return None
    other = run.config.expert_from
    return (run if other == "scripted" else Run.open(other)).load_expert(trainee.shapes, device=device)


def _newest(image: NDArray[np.uint8], *, channels: int) -> NDArray[np.uint8]:
    """The newest frame of a stack (C, H, W), its last channels, as RGB (H, W, 3)."""
    frame = image[-channels:].transpose(1, 2, 0)
    return np.ascontiguousarray(np.broadcast_to(frame, (*frame.shape[:2], 3)))


def _pair(action: NDArray[np.float32]) -> tuple[float, float]:
    return float(action[0]), float(action[1])
