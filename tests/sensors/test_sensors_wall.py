"""The wall of films: who stands where, how long a film lasts, and when its ending is told."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from sensors.video import VideoError, VideoWriter
from sensors.wall import Scene, Take, animated

LIGHT, DARK = 230, 90
WIDTH = 80


def take(path: Path, grey: int, *, frames: int, fps: float = 10, size=(90, 160), ended: float = 9.0) -> Take:
    with VideoWriter(path, fps=fps) as video:
        for number in range(frames):
            video.write(np.full((*size, 3), grey if number < frames - 1 else 160, np.uint8))
    return Take(path, "A2D", "arrived", "good", ended)


def played(data: bytes) -> np.ndarray:
    """What is seen in each tenth of a second, grey (N, H, W)."""
    done, animation = cv2.imdecodeanimation(np.frombuffer(data, np.uint8))
    assert done
    grey = np.stack([picture[..., :3].mean(axis=-1) for picture in animation.frames])
    return np.repeat(grey, [int(duration) // 100 for duration in animation.durations], axis=0)


def middle(grey: np.ndarray, *, down: int, across: int) -> np.ndarray:
    """Brightness of a film's middle in each picture: of the scene `down`, the film `across`; (N,)."""
    band = 34 + 2 * 24 + 44 + 8
    y, x = down * band + 34 + 24 + 22, 8 + across * (WIDTH + 8) + WIDTH // 2
    return grey[:, y - 4 : y + 4, x - 4 : x + 4].mean(axis=(1, 2))


def test_films_stand_side_by_side_and_who_is_over_shows_the_last_frame(tmp_path):
    scenes = [
        Scene("First", (take(tmp_path / "a.mp4", LIGHT, frames=3), take(tmp_path / "b.mp4", DARK, frames=6))),
        Scene(
            "Second", (take(tmp_path / "c.mp4", DARK, frames=2), take(tmp_path / "d.mp4", LIGHT, frames=6))
        ),
    ]
    grey = played(animated(scenes, width=WIDTH, fps=10))
    assert len(grey) == 6
    assert grey.shape[1:] == (2 * (34 + 44 + 2 * 24 + 8) + 8, 2 * (WIDTH + 8) + 8)
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    first, second, last = (
        [middle(grey, down=down, across=across)[number] for down, across in places] for number in (0, 1, 5)
    )
    np.testing.assert_allclose(first, [LIGHT, DARK, DARK, LIGHT], atol=8)
    np.testing.assert_allclose(second, [LIGHT, DARK, 160, LIGHT], atol=8)
    np.testing.assert_allclose(last, [160, 160, 160, 160], atol=8)


def test_four_films_of_a_scene_stand_in_two_lines(tmp_path):
    takes = tuple(take(tmp_path / f"{number}.mp4", LIGHT, frames=2) for number in range(4))
    grey = played(animated([Scene("First", takes)], width=WIDTH, fps=10))
    assert grey.shape[1:] == (34 + 2 * (44 + 2 * 24 + 8) + 8, 3 * (WIDTH + 8) + 8)
    assert (grey[0, -40:-30, 10 : 2 * WIDTH] > 200).mean() < grey[0, 70:90, 10 : 2 * WIDTH].mean()


def test_how_it_ended_is_told_from_then_on(tmp_path):
    grey = played(
        animated([Scene("", (take(tmp_path / "a.mp4", DARK, frames=6, ended=0.4),))], width=WIDTH, fps=10)
    )
    below = (grey[:, 34 + 24 + 44 : -8] > 60).any(axis=(1, 2))
    assert below.tolist() == [False] * 4 + [True] * 2


def test_of_a_second_so_many_frames_are_shown(tmp_path):
    scene = Scene("", (take(tmp_path / "a.mp4", DARK, frames=9),))
    shown = played(animated([scene], width=WIDTH, fps=5))
    assert len(shown) == 10  # tenths of a second: five frames, the last of them the film's
    np.testing.assert_allclose(middle(shown, down=0, across=0)[[0, 7, 8, 9]], [DARK, DARK, 160, 160], atol=8)


def test_films_that_differ_in_rate_or_size_are_refused(tmp_path):
    plain = take(tmp_path / "a.mp4", DARK, frames=2)
    for number, other in enumerate(({"fps": 20}, {"size": (160, 160)})):
        takes = (plain, take(tmp_path / f"{number}.mp4", DARK, frames=2, **other))
        with pytest.raises(VideoError, match="one size and one rate"):
            animated([Scene("", takes)], width=WIDTH, fps=10)


def test_a_file_that_is_no_film_is_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    with pytest.raises(VideoError, match=r"a\.mp4 cannot be read as a video"):
        animated([Scene("", (Take(tmp_path / "a.mp4", "", "", "good", 0.0),))], width=WIDTH, fps=10)
