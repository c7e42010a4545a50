"""A video file that browsers play, whole or absent."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from sensors.errors import SensorError


class VideoError(SensorError):
    """A frame or a file does not make a video."""


class VideoWriter:
    """An H.264 file that browsers play, which appears under its name only when it is complete.

    Frames go to a hidden file in the same folder. `close` renames it; an exception inside the `with` block
    deletes it. The first frame sets the size (odd sizes are padded by one pixel, as 4:2:0 needs even ones).

    Raises:
        ValueError: `fps` is not positive.
    """

    def __init__(self, path: Path | str, *, fps: float) -> None:
        if not fps > 0:
            raise ValueError(f"fps is positive, got {fps}")
        self.path = Path(path)
        self.frames = 0
        self._rate = Fraction(fps).limit_denominator(1001)
        self._partial = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        self._container: Any = None
        self._stream: Any = None
        self._shape: tuple[int, ...] = ()

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append an RGB frame, uint8 of shape (H, W, 3).

        Raises:
            VideoError: The frame is no RGB image, or its shape is not the first frame's.
            OSError: The file cannot be written.
        """
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise VideoError(f"a frame is uint8 (H, W, 3), got {frame.dtype} {frame.shape}")
        if self._container is None:
            self._open(frame.shape)
        if frame.shape != self._shape:
            raise VideoError(
                f"{self.path.name}: frame {self.frames} is {frame.shape}, the first {self._shape}"
            )
        even = np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709"
        )
        picture.pts = self.frames
        picture.time_base = 1 / self._rate
        self._container.mux(self._stream.encode(picture))
        self.frames += 1

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            VideoError: No frame was written, so there is no file.
        """
        if self._container is None:
            raise VideoError(f"{self.path}: no frame was written, so there is no video")
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except BaseException:
            self.discard()
            raise
        os.replace(self._partial, self.path)

    def discard(self) -> None:
        """Drop what was written; nothing appears under the video's name."""
        try:
            if self._container is not None:
                self._container.close()
        finally:
            self._partial.unlink(missing_ok=True)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _open(self, shape: tuple[int, ...]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._shape = shape
        # faststart puts the index first, so that a browser plays before it has read the whole file.
        self._container = av.open(
            str(self._partial), mode="w", format="mp4", options={"movflags": "+faststart"}
        )
        height, width = shape[0] + shape[0] % 2, shape[1] + shape[1] % 2
        self._stream = _stream(self._container, self._rate, (width, height), crf=20, preset="veryfast")


def shrunk(path: Path, *, width: int) -> bytes:
    """Read a video file, reduced to a width (pixels) and compressed harder; as it is if no wider than that.

    Raises:
        VideoError: It cannot be read.
    """
    with _opened(path) as (source, stream):
        if stream.width <= width:
            return path.read_bytes()
        copy = io.BytesIO()
        with av.open(copy, mode="w", format="mp4") as target:
            reduced = _stream(target, stream.average_rate, _size(stream, width), crf=27, preset="medium")
            for frame in source.decode(stream):
                small = frame.reformat(*_size(stream, width), interpolation="AREA")
                small.pts, small.time_base = frame.pts, frame.time_base
                target.mux(reduced.encode(small))
            target.mux(reduced.encode(None))
        return copy.getvalue()


def frames_of(path: Path, *, width: int) -> tuple[list[NDArray[np.uint8]], float]:
    """Read a video file: its frames, RGB (H, W, 3), reduced to a width (pixels), and how many fill a second.

    Raises:
        VideoError: It cannot be read.
    """
    with _opened(path) as (source, stream):
        small = (
            frame.reformat(*_size(stream, width), format="rgb24", interpolation="AREA")
            for frame in source.decode(stream)
        )
        return [np.asarray(frame.to_ndarray(), np.uint8) for frame in small], float(stream.average_rate or 0)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """A video file and its stream."""
    try:
        with av.open(str(path)) as source:
            yield source, source.streams.video[0]
    except (av.FFmpegError, IndexError) as error:
        raise VideoError(f"{path} cannot be read as a video: {error}") from error


def _size(stream: Any, width: int) -> tuple[int, int]:
    """Of so wide a picture, with an even height; (width, height)."""
    return width, 2 * round(width * stream.height / stream.width / 2)


def _stream(container: Any, rate: Fraction, size: tuple[int, int], *, crf: int, preset: str) -> Any:
    """Add an H.264 stream of a size (width, height) that browsers play."""
    stream = container.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": preset})
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.gop_size = max(1, round(rate))  # a key frame per second, for seeking
    context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
    context.color_range = 1  # MPEG: luma in 16..235
    return stream
