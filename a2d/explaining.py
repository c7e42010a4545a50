"""What moves a trainee: where its picture matters, what it and its expert would do, what that is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from a2d.critics import Critic
from a2d.distributions import Distribution, Gaussian
from a2d.errors import A2DError
from a2d.evaluation import BEGAN
from a2d.policies import Expert, Trainee

STRIDE = 4  # pixels between the spots that are blurred
SPOT = 4.0  # pixels; a spot's standard deviation
BLUR = 5.0  # pixels; of the blur that takes away what is there


@dataclass(frozen=True, slots=True)
class Insight:
    """One world's step, explained."""

    saliency: NDArray[np.float32]  # (H, W): how far the action moves if that spot is blurred, see `saliency`
    action: NDArray[np.float32]  # (A,) the trainee's most probable, in [-1, 1]
    expert: NDArray[np.float32] | None  # (A,) what its expert would do, in [-1, 1]
    value: float | None  # the return that the critic expects; None without a critic


class Explainer:
    """Explains a trainee's steps in one world, one after the other.

    Args:
        trainee: With an image encoder and continuous actions.
        expert: That reads the state; None where the world gives its own driver's action, or none.
        critic: None where there is none.
        return_scale: What the critic's values are in units of.

    Raises:
        A2DError: The trainee reads no picture, or chooses among actions.
    """

    def __init__(
        self, trainee: Expert | Trainee, *, expert: Expert | None, critic: Critic | None, return_scale: float
    ) -> None:
        if not isinstance(trainee, Trainee) or trainee.encoder is None or trainee.family.kind != "gaussian":
            raise A2DError("only a trainee that reads a picture and gives commands can be explained")
        self._trainee, self._expert, self._critic = trainee, expert, critic
        self._return_scale = return_scale
        self._memory: Tensor | None = None

    @torch.inference_mode()
    def __call__(self, observation: Mapping[str, NDArray[Any]], *, label: NDArray[Any] | None) -> Insight:
        """Explain the coming step.

        Args:
            observation: Arrays of shape (1, ...) under the world's keys; with `began` if it is recurrent.
            label: (1, A) what the world's own expert would do, where there is no other.
        """
        trainee = self._trainee
        device = trainee.log_std.device
        seen = {
            key: torch.as_tensor(value, device=device) for key, value in observation.items() if key != BEGAN
        }
        if trainee.memory:
            self._memory = trainee.recall(self._memory, began=np.asarray(observation[BEGAN]))
        before = self._memory
        reading = trainee.step(seen, memory=before)
        self._memory = reading.memory
        heat = saliency(trainee, seen, memory=before)
        if self._expert is not None:
            label = self._expert.distribution(seen["state"]).mode().cpu().numpy()
        return Insight(
            saliency=heat.cpu().numpy(),
            action=_command(trainee.family.of(reading.parameters)),
            expert=None if label is None else np.clip(label[0], -1.0, 1.0).astype(np.float32),
            value=None if self._critic is None else float(self._critic(seen)[0]) * self._return_scale,
        )


def saliency(trainee: Trainee, observation: Mapping[str, Tensor], *, memory: Tensor | None) -> Tensor:
    """How much of the trainee's action hangs on each spot of its picture.

    The picture is blurred around one spot after the other, in all frames of the stack alike; what is told
    is the largest change of any of the mean commands, clipped to [-1, 1] as the world does, so 0 to 2.
    Between the spots, which are `STRIDE` apart, it is interpolated.

    Args:
        observation: One world's, tensors of shape (1, ...).
        memory: What a recurrent trainee remembers of before, (1, H).

    Returns:
        Shape (H, W).

    Source: Greydanus et al., ICML 2018, section 3.1; here with the change of the command for its eq. 2.
    """
    image = observation["image"].float()
    spots = _spots(image.shape[-2], image.shape[-1], device=image.device)
    masks = spots.flatten(0, 1).unsqueeze(1)
    blurred = gaussian_blur(image, kernel_size=[4 * int(BLUR) + 1] * 2, sigma=[BLUR] * 2)
    changed = image + masks * (blurred - image)
    pictures = torch.cat((image, changed)).round().to(torch.uint8)
    given = {
        key: pictures if key == "image" else value.expand(len(pictures), -1)
        for key, value in observation.items()
    }
    recalled = None if memory is None else memory.expand(len(pictures), -1)
    parameters = trainee.step(given, memory=recalled).parameters
    mean = parameters[:, : trainee.family.actions].clamp(-1.0, 1.0)
    moved = (mean[1:] - mean[:1]).abs().amax(dim=-1)
    grid = moved.reshape(1, 1, *spots.shape[:2])
    return torch.nn.functional.interpolate(grid, size=image.shape[-2:], mode="bilinear")[0, 0]


def _spots(height: int, width: int, *, device: torch.device) -> Tensor:
    """Gaussian masks of peak 1 around a grid of centres, shape (rows, columns, H, W)."""

    def axis(size: int) -> Tensor:
        centres = torch.arange(STRIDE / 2 - 0.5, size, STRIDE, device=device)
        offset = torch.arange(size, device=device) - centres.unsqueeze(-1)
        return torch.exp(-0.5 * (offset / SPOT).square())

    return axis(height)[:, None, :, None] * axis(width)[None, :, None, :]


def _command(distribution: Distribution) -> NDArray[np.float32]:
    if not isinstance(distribution, Gaussian):
        raise A2DError("only commands can be explained")
    return distribution.mode()[0].clamp(-1.0, 1.0).cpu().numpy()
