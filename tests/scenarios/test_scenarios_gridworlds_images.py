"""The trainee's pictures: they show what its vector tells and no more, smoothly, with noise on demand."""

from __future__ import annotations

from time import process_time

import gymnasium
import numpy as np
import pytest

from scenarios.gridworlds.drawing import Glyph, as_image
from scenarios.gridworlds.games import GAMES
from scenarios.gridworlds.sight import Sight
from scenarios.gridworlds.world import GridworldVector

every_game = pytest.mark.parametrize("game", GAMES)


def seen(game: str) -> np.ndarray:
    """Return what is seen in every state of a gridworld, (S, 3, 42, 42)."""
    states = np.arange(len(GAMES[game]().start))
    sight = Sight(game, observation="image", noise=0.0)
    return sight.look(states, keys=states.astype(np.uint64), steps=states * 0, out=None)


@every_game
def test_two_states_look_alike_exactly_where_the_vectors_are_alike(game):
    alike = GAMES[game]().appearance()
    pictures = np.unique(seen(game), axis=0, return_inverse=True)[1].reshape(-1)
    assert len(np.unique(alike)) == len(np.unique(pictures)) == len(set(zip(alike, pictures, strict=True)))


@every_game
def test_pictures_that_differ_differ_plainly(game):
    pictures = np.unique(seen(game), axis=0).reshape(-1, 3 * 42 * 42).astype(np.int64)
    apart = np.abs(pictures[:, None] - pictures[None]).max(axis=2)
    assert apart[~np.eye(len(pictures), dtype=np.bool_)].min() > 100  # of 255, in some pixel


def test_a_picture_is_colours_first_then_rows_from_the_top():
    world = gymnasium.make("gridworlds/TigerDoor-v0", observation="image")
    image = world.reset(seed=0)[0]["image"]
    assert (image.shape, image.dtype) == ((3, 42, 42), np.uint8)
    red, _, blue = image[:, 29, 4].astype(int)  # the button's middle, in the fourth row, first column
    assert red > blue + 100
    red, _, blue = image[:, 4, 4].astype(int)  # the agent, in the first row, first column
    assert blue > red + 50


def test_a_pixel_on_an_edge_is_a_mixture_of_both_sides():
    glyphs = np.array([[Glyph.WALL, Glyph.ICE], [Glyph.WALL, Glyph.ICE]], dtype=np.uint8)
    image = as_image(glyphs, 0, size=3, samples=10)  # the middle pixel is half in each column
    wall, edge, ice = image[2].astype(float)
    np.testing.assert_allclose(edge, (wall + ice) / 2, atol=12)  # the cells' thin borders aside


def test_human_eyes_see_what_is_hidden():
    world = gymnasium.make("gridworlds/FrozenLake-v0", observation="image", render_mode="rgb_array")
    frames, images = [], []
    for seed in range(40):
        images.append(world.reset(seed=seed)[0]["image"])
        frames.append(world.render())
    assert frames[0].shape == (300, 300, 3)
    assert len({frame.tobytes() for frame in frames}) == 9
    assert len({image.tobytes() for image in images}) == 1


def with_noise(**options) -> GridworldVector:
    return GridworldVector(512, game="frozen_lake", observation="image", noise=0.05, **options)


def test_noise_has_the_deviation_that_was_asked_for_and_no_bias():
    plain, _ = GridworldVector(512, game="frozen_lake", observation="image").reset(seed=0)
    noisy, _ = with_noise().reset(seed=0)
    unclipped = (plain["image"] > 60) & (plain["image"] < 195)  # five deviations from black and white
    error = noisy["image"].astype(float)[unclipped] - plain["image"][unclipped]
    # At least 50,000 pixels: sd of the mean below 0.06, of the deviation below 0.05.
    assert len(error) > 50_000
    assert error.mean() == pytest.approx(0.0, abs=0.3)
    assert error.std() == pytest.approx(0.05 * 255, abs=0.3)


def test_bright_pixels_stay_bright_under_noise():
    noisy, _ = with_noise().reset(seed=0)
    assert noisy["image"][:, :, 1, 3].min() > 100  # ice; wrapped around, some would be nearly black
    assert noisy["image"].max() == 255


def test_noise_is_new_in_every_step_and_every_episode_and_the_same_for_the_same_seed():
    first, again = with_noise(), with_noise()
    begun, _ = first.reset(seed=0)
    np.testing.assert_array_equal(begun["image"], again.reset(seed=0)[0]["image"])
    assert len(np.unique(begun["image"], axis=0)) == 512
    staying = np.full(512, 3)  # into the left edge
    stepped = first.step(staying)[0]["image"]
    assert not (stepped == begun["image"]).all(axis=(1, 2, 3)).any()
    np.testing.assert_array_equal(stepped, again.step(staying)[0]["image"])


def test_a_worlds_noise_does_not_depend_on_its_neighbours():
    together, _ = with_noise().reset(seed=0)
    world = gymnasium.make("gridworlds/FrozenLake-v0", observation="image", noise=0.05)
    np.testing.assert_array_equal(together["image"][7], world.reset(seed=7)[0]["image"])


def test_at_least_a_hundred_thousand_pictures_are_seen_a_second():
    worlds = GridworldVector(512, game="tiger_door", observation="image")
    worlds.reset(seed=0)
    staying = np.full(512, 3)
    rates = []
    for _ in range(3):
        started = process_time()
        for _ in range(20):
            worlds.step(staying)
        rates.append(20 * 512 / (process_time() - started))
    assert max(rates) > 100_000  # half of what `make bench` asks for, so that it never flickers
