"""`driving gallery`: a contact sheet of what a server shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from driving import gallery as pictures
from driving.cli.output import make_way_for
from driving.errors import DrivingError
from driving.gallery_scenes import SCENES
from driving.servers import serving

QUALITY = 88  # of a JPEG, per cent


def gallery(
    out: Annotated[Path, typer.Option(help="The picture to write: .jpg or .png.")] = Path("gallery.jpg"),
    size: Annotated[str, typer.Option(help="Of each of the twelve pictures, WIDTHxHEIGHT.")] = "640x360",
    server: Annotated[str, typer.Option(help="embedded or HOST:PORT.")] = "embedded",
    map_file: Annotated[
        Path | None, typer.Option("--map", help="An OpenDRIVE file to stand on; else the server's map.")
    ] = None,
) -> None:
    """Take twelve pictures through the official client, on one sheet: weather, traffic, walkers, sensors.

    Example: driving gallery --out docs/gallery.jpg --map Town10HD.xodr
    """
    import cv2

    width, height = _size(size)
    if out.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise DrivingError(f"{out} is no picture's name; end it in .jpg or .png")
    make_way_for(out)
    xodr = _document(map_file)
    taken: list[tuple[str, pictures.Picture]] = []
    with serving(server) as endpoint:
        shots = pictures.sheet(endpoint, width=width, height=height, xodr=xodr)
        console = Console(stderr=True)
        for scene, picture in track(shots, "pictures", total=len(SCENES), console=console):
            taken.append((scene.caption, picture))
    sheet = pictures.arranged(taken)
    settings = [] if out.suffix.lower() == ".png" else [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    if not cv2.imwrite(str(out), sheet[..., ::-1], settings):
        raise DrivingError(f"{out} cannot be written")
    print(f"{out}: {sheet.shape[1]}x{sheet.shape[0]}, {out.stat().st_size / 1e6:.2f} MB")


def _document(path: Path | None) -> str:
    """A map's text, "" for none.

    Raises:
        DrivingError: The file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise DrivingError(f"map '{path}' cannot be read: {error}; use an OpenDRIVE file") from error


def _size(text: str) -> tuple[int, int]:
    """Width and height, px.

    Raises:
        DrivingError: It is no size.
    """
    width, _, height = text.lower().partition("x")
    sides = [int(side) if side.isdecimal() else 0 for side in (width, height)]
    if not all(32 <= side <= 4096 for side in sides):
        raise DrivingError(f"a size is WIDTHxHEIGHT of 32 to 4096 px each, such as 640x360; got {text!r}")
    return sides[0], sides[1]
