"""The contact sheet, taken of a server on the straight road."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from driving.cli import gallery as command
from driving.errors import DrivingError
from driving.gallery import CAPTION, arranged, quartered, sheet
from driving.gallery_scenes import SCENES
from driving.servers import Endpoint


def test_it_takes_twelve_different_pictures_and_leaves_the_server_as_it_was(client_of, serve):
    port = serve("straight")
    client = client_of("127.0.0.1", port)
    world = client.get_world()
    before = world.get_weather()
    taken = list(sheet(Endpoint("127.0.0.1", port), width=96, height=54))
    assert [scene for scene, _ in taken] == list(SCENES)
    assert len(taken) == 12
    for (_, one), (_, other) in combinations(taken, 2):
        assert one.shape == (54, 96, 3)
        assert np.abs(one.astype(int) - other).mean() > 1.0
    night = next(picture for scene, picture in taken if scene.caption == "night")
    day = next(picture for scene, picture in taken if scene.caption == "day")
    assert night.mean() < 0.8 * day.mean()
    world.wait_for_tick()
    assert {actor.type_id for actor in world.get_actors()} <= {"spectator"}
    assert not world.get_settings().synchronous_mode
    assert world.get_weather() == before


def test_pictures_stand_in_rows_of_three_above_their_captions():
    tiles = [(f"picture {number}", np.full((40, 60, 3), 200, np.uint8)) for number in range(4)]
    whole = arranged(tiles)
    assert whole.shape == (2 * (40 + CAPTION), 3 * 60, 3)
    assert (whole[:40, :58] == 200).all()
    assert (whole[40 + CAPTION :, 60:] == 0).all()  # only one in the second row


def test_four_views_share_a_picture_of_odd_size():
    views = [np.full((2, 3, 3), number, np.uint8) for number in (1, 2, 3, 4)]
    whole = quartered(views, 7, 5)[..., 0]
    assert whole.tolist() == [[1] * 3 + [2] * 3 + [0]] * 2 + [[3] * 3 + [4] * 3 + [0]] * 2 + [[0] * 7]


@pytest.mark.parametrize("text", ["640", "640x", "axb", "16x16", "9999x360", "64²x64"])
def test_a_size_that_is_none_is_one_clear_line(text):
    with pytest.raises(DrivingError, match="a size is WIDTHxHEIGHT"):
        command.gallery(size=text)


def test_a_file_that_is_no_picture_is_refused_before_anything_is_taken(tmp_path):
    with pytest.raises(DrivingError, match=r"end it in \.jpg or \.png"):
        command.gallery(out=tmp_path / "sheet.gif")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(DrivingError, match="is a folder: name a file"):
        command.gallery(out=tmp_path / "folder.png")


def test_a_map_that_cannot_be_read_is_one_clear_line(tmp_path):
    with pytest.raises(DrivingError, match="cannot be read"):
        command.gallery(out=tmp_path / "sheet.png", map_file=tmp_path / "none.xodr")
