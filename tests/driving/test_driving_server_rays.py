"""Rays: trees find what a look at every triangle finds; fronts stop rays and backs do not."""

from __future__ import annotations

import numpy as np

from driving.server import rays
from driving.server.rays import Targets, Tree


def targets(triangles, inverse=None, actor=0):
    """One mesh of triangles (T, 3, 3), placed by the inverse of its pose."""
    inverse = np.eye(3, 4) if inverse is None else inverse
    mesh = Tree(*rays.plant(np.hstack([triangles.min(axis=1), triangles.max(axis=1)])))
    axes = np.linalg.inv(inverse[:, :3])
    world = (triangles - inverse[:, 3]) @ axes.T
    top = Tree(*rays.plant(np.hstack([world.min(axis=(0, 1)), world.max(axis=(0, 1))])[None]))
    vertices = triangles.reshape(-1, 3).astype(np.float32)
    corners = np.arange(len(vertices)).reshape(-1, 3)
    return Targets(vertices, corners, mesh, np.zeros(1, np.int64), inverse[None], np.array([actor]), top)


def cast(scene, origin, directions, reach=100.0, ignored=-1):
    distance, found = np.empty(len(directions)), np.empty((len(directions), 2), np.int64)
    rays.cast(
        scene, np.asarray(origin, float), np.asarray(directions, float), reach, ignored, distance, found
    )
    return distance, found[:, 1]


FACING = np.array([[[5.0, -1.0, -1.0], [5.0, 0.0, 1.0], [5.0, 1.0, -1.0]]])  # towards -x
AHEAD = [[1.0, 0.0, 0.0]]


def test_a_ray_stops_at_a_front_and_passes_a_back():
    assert cast(targets(FACING), [0.0, 0.0, 0.0], AHEAD)[0] == 5.0
    assert cast(targets(FACING[:, ::-1]), [0.0, 0.0, 0.0], AHEAD)[1] == -1


def test_nothing_is_hit_beyond_the_reach_and_nobody_who_is_ignored():
    assert cast(targets(FACING), [0.0, 0.0, 0.0], AHEAD, reach=4.9)[1] == -1
    assert cast(targets(FACING, actor=3), [0.0, 0.0, 0.0], AHEAD, ignored=3)[1] == -1


def test_distances_are_the_worlds_whatever_the_scale_of_a_mesh():
    twice_as_large = np.hstack([np.eye(3) / 2, np.zeros((3, 1))])
    assert cast(targets(FACING, twice_as_large), [0.0, 0.0, 0.0], AHEAD)[0] == 10.0


def test_piercing_finds_one_hit_per_object_and_goes_on():
    scene = targets(np.concatenate([FACING, FACING + np.array([2.0, 0.0, 0.0])]))
    distance, found = np.empty(1), np.empty((1, 2), np.int64)
    ahead = np.array(AHEAD[0])
    assert rays.pierce(scene, np.zeros(3), ahead, 100.0, distance, found) == 1
    assert (distance[0], found[0].tolist()) == (5.0, [0, 0])
    assert rays.pierce(scene, np.zeros(3), ahead, 4.9, distance, found) == 0


def test_a_tree_finds_what_a_look_at_every_triangle_finds():
    rng = np.random.default_rng(1)
    triangles = (rng.uniform(-5, 5, (300, 1, 3)) + rng.normal(0, 1, (300, 3, 3))).astype(np.float32)
    directions = rng.normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    distance, triangle = cast(targets(triangles.astype(float)), [0.0, 0.0, 0.0], directions)
    a, b, c = triangles.astype(float).transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    along = (a * normal).sum(axis=1) / (directions @ normal.T)  # (rays, triangles)
    point = along[..., None] * directions[:, None]
    inside = np.ones(along.shape, bool)
    for start, end in ((a, b), (b, c), (c, a)):
        share = (np.cross(end - start, point - start) * normal).sum(axis=-1) / (normal**2).sum(axis=-1)
        inside &= share >= -rays.SEAM
    along[~inside | (along < 1e-4) | (directions @ normal.T >= 0)] = np.inf
    nearest = along.min(axis=1)
    assert 50 < (triangle >= 0).sum() < 500
    np.testing.assert_array_equal(triangle >= 0, nearest < np.inf)
    hit = triangle >= 0
    np.testing.assert_allclose(distance[hit], nearest[hit], atol=1e-6)
    np.testing.assert_array_equal(triangle[hit], along.argmin(axis=1)[hit])
