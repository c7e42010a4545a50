"""A walker whose bones somebody posed: every part of its body hangs from a bone.

Bones have CARLA's names; their frames at rest are parallel to the figure's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from driving.server.render.mesh import Mesh
from driving.server.render.meshes_walker import ADULT, CHILD, LEVELS, Figure, body_parts, stretch

Frame = NDArray[np.float64]  # (4, 4) of a bone, in the frame of the walker's feet
Frames = Mapping[str, Frame]  # by the bone's name

ANKLE = 0.045  # share of the height


def posed_meshes(child: bool, girth: float, height: float, frames: Frames) -> tuple[Mesh, ...]:
    """The figure of `height` metres, level by level, with its parts where the bones are; as Shape has it."""
    figure = CHILD if child else ADULT
    return tuple(
        _joined([_hung(parts[part], frames[bone], at, girth, height) for part, bone, at in _hangings(figure)])
        for parts in (body_parts(child, girth, level) for level in range(LEVELS))
    )


def _hangings(figure: Figure) -> Iterator[tuple[str, str, tuple[float, float, float]]]:
    """Part, its bone, and where that bone's joint is in the part's frame, as shares of the height."""
    trunk = figure.shoulder - figure.hip
    yield "trunk", "crl_spine__C", (0.0, 0.0, figure.hip + 0.3 * trunk)
    yield "head", "crl_Head__C", (0.0, 0.0, figure.head - 0.5 * figure.head_size[2])
    for side in ("L", "R"):
        yield "thigh", f"crl_thigh__{side}", (0.0, 0.0, 0.0)
        yield "shin", f"crl_leg__{side}", (0.0, 0.0, 0.0)
        yield "foot", f"crl_foot__{side}", (0.0, 0.0, ANKLE - figure.knee)
        yield "arm", f"crl_arm__{side}", (0.0, 0.0, 0.0)
        yield "forearm", f"crl_foreArm__{side}", (0.0, 0.0, 0.0)
        yield "hand", f"crl_hand__{side}", (0.0, 0.0, -0.8 * figure.arm)


def _hung(mesh: Mesh, frame: Frame, joint: tuple[float, float, float], girth: float, height: float) -> Mesh:
    turn, wide = frame[:3, :3], stretch(girth)
    shift = frame[:3, 3] / height * wide - turn @ (np.array(joint) * wide)
    return Mesh(
        (mesh.vertices @ turn.T + shift).astype(np.float32),
        (mesh.normals @ turn.T).astype(np.float32),
        mesh.triangles,
        (mesh.facings @ turn.T).astype(np.float32),
    )


def _joined(meshes: list[Mesh]) -> Mesh:
    firsts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    triangles = [
        mesh.triangles + np.array([first] * 3 + [0]) for mesh, first in zip(meshes, firsts[:-1], strict=True)
    ]
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate([mesh.facings for mesh in meshes]),
    )
