"""A video file that is whole or absent, and decodes to what was written."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from sensors.video import VideoError, VideoWriter, shrunk


def street(height: int = 450, width: int = 800) -> np.ndarray:
    """A grey gradient: smooth, so that H.264 returns it nearly as it was."""
    ramp = np.linspace(40, 200, width, dtype=np.float64)[None, :, None]
    return np.broadcast_to(ramp, (height, width, 3)).astype(np.uint8)


def written(folder: Path, frames: Iterable[np.ndarray], *, fps: float = 10) -> Path:
    path = folder / "drive.mp4"
    with VideoWriter(path, fps=fps) as video:
        for frame in frames:
            video.write(frame)
    return path


def test_a_video_decodes_to_the_frames_that_were_written(tmp_path):
    path = written(tmp_path, [street()] * 7)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (800, 450, 10)
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == 7
    assert np.abs(frames[-1].astype(int) - street().astype(int)).mean() < 3


def test_the_index_comes_before_the_pictures_so_that_browsers_start_at_once(tmp_path):
    content = written(tmp_path, [street()] * 3).read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_colours_survive_and_are_marked_as_bt709(tmp_path):
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 220
    with av.open(str(written(tmp_path, [red] * 3))) as container:
        frame = next(container.decode(video=0))
        assert frame.colorspace == 1
        middle = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()[32, 32]
    assert np.abs(middle.astype(int) - [220, 0, 0]).max() < 10


def test_odd_sizes_are_padded_to_even_ones(tmp_path):
    with av.open(str(written(tmp_path, [street(45, 81)] * 2))) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (82, 46)


def test_a_fractional_rate_is_kept(tmp_path):
    with av.open(str(written(tmp_path, [street(32, 32)] * 5, fps=12.5))) as container:
        assert float(container.streams.video[0].average_rate) == 12.5


def test_nothing_has_the_videos_name_before_it_is_complete(tmp_path):
    path = tmp_path / "drive.mp4"
    with VideoWriter(path, fps=10) as video:
        for _ in range(5):
            video.write(street(64, 64))
            assert not path.exists()
    assert [file.name for file in tmp_path.iterdir()] == ["drive.mp4"]


def test_an_exception_leaves_neither_the_video_nor_its_beginning(tmp_path):
    def interrupted() -> Iterator[np.ndarray]:
        yield street(64, 64)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, interrupted())
    assert list(tmp_path.iterdir()) == []


def test_a_failed_rewrite_keeps_the_earlier_video(tmp_path):
    earlier = written(tmp_path, [street(64, 64)]).read_bytes()
    with pytest.raises(VideoError, match="frame 1 is"):
        written(tmp_path, [street(64, 64), street(32, 32)])
    assert (tmp_path / "drive.mp4").read_bytes() == earlier


def test_a_video_without_frames_is_refused_by_name(tmp_path):
    with pytest.raises(VideoError, match=r"drive\.mp4: no frame was written"):
        written(tmp_path, [])


@pytest.mark.parametrize("frame", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_what_is_no_rgb_image_is_refused(tmp_path, frame):
    with pytest.raises(VideoError, match="uint8"):
        written(tmp_path, [frame])


def test_a_rate_that_is_not_positive_is_refused(tmp_path):
    with pytest.raises(ValueError, match="fps is positive"):
        VideoWriter(tmp_path / "drive.mp4", fps=0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path):
    (tmp_path / f".drive.mp4.{os.getpid()}.partial").symlink_to("/dev/full")  # every write: no space left
    noise = np.random.default_rng(0).integers(0, 255, (450, 800, 3), dtype=np.uint8)
    with pytest.raises(OSError, match="No space left on device"):
        written(tmp_path, [noise] * 30)
    assert list(tmp_path.iterdir()) == []


def test_a_shrunk_video_has_the_same_pictures_at_the_same_times_in_fewer_bytes(tmp_path):
    noise = np.random.default_rng(0).integers(0, 60, (450, 800, 3), dtype=np.uint8)
    path = written(tmp_path, [street() // 2 + noise + 10 * step for step in range(5)], fps=12.5)
    (tmp_path / "small.mp4").write_bytes(shrunk(path, width=400))
    with av.open(str(tmp_path / "small.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, float(stream.average_rate)) == (400, 224, 12.5)
        frames = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(stream)]
    assert [time for time, _ in frames] == pytest.approx([0.0, 0.08, 0.16, 0.24, 0.32])
    assert np.diff([level for _, level in frames]) == pytest.approx([10.0] * 4, abs=1.5)
    assert (tmp_path / "small.mp4").stat().st_size < path.stat().st_size / 4


def test_a_video_that_is_small_already_stays_as_it_is(tmp_path):
    path = written(tmp_path, [street(90, 160)] * 2)
    assert shrunk(path, width=160) == path.read_bytes()


def test_what_is_no_video_is_named_instead_of_shrunk(tmp_path):
    (tmp_path / "drive.mp4").write_bytes(b"no video")
    with pytest.raises(VideoError, match=r"drive\.mp4 cannot be read as a video"):
        shrunk(tmp_path / "drive.mp4", width=160)
