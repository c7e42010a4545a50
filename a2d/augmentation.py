"""Pictures moved by a few pixels: what an encoder learns from them holds for others, too."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

TOGETHER = 16  # rows of a minibatch that are moved alike: cheaper than one by one, and as good


def shifted(image: Tensor, most: int, *, rng: np.random.Generator) -> Tensor:
    """Move pictures by up to `most` pixels down or up and right or left; their edges are repeated.

    Args:
        image: Shape (B, ..., H, W); the frames and steps of one row move together.
        most: Pixels; 0 gives the pictures as they are and draws nothing.
        rng: Of the distances.

    Source: Kostrikov et al., ICLR 2021 (arXiv 2004.13649), section 3.1.
    """
    if most == 0:
        return image
    parts = []
    for part in image.split(TOGETHER):
        down, right = rng.integers(-most, most + 1, 2).tolist()
        parts.append(part.index_select(-2, _moved(part, -2, down)).index_select(-1, _moved(part, -1, right)))
    return torch.cat(parts)


def _moved(part: Tensor, axis: int, distance: int) -> Tensor:
    """Which row or column comes to each place."""
    size = part.shape[axis]
    return (torch.arange(size, device=part.device) - distance).clamp_(0, size - 1)
