"""A folder's films: whose they are and which episodes they show, in its index.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a2d.evaluation import EvaluationError, Record, as_json
from a2d.files import write_atomically

INDEX = "index.json"


def read_index(folder: Path) -> tuple[dict[str, Any], dict[int, Record]]:
    """Whose films a folder has, and the record of each by its seed, with the film's name under `file`.

    Both are empty where there are none.

    Raises:
        EvaluationError: The index cannot be read.
    """
    path = folder / INDEX
    if not path.is_file():
        return {}, {}
    try:
        content = json.loads(path.read_text("utf-8"))
        entries = {
            int(entry["seed"]): {**entry, "file": str(entry["file"])} for entry in content.pop("episodes")
        }
    except (ValueError, KeyError, TypeError) as error:
        raise EvaluationError(f"{path} is no index of videos ({error}); delete it to record anew") from error
    return content, entries


def write_index(folder: Path, origin: Mapping[str, Any], entries: Mapping[int, Record]) -> None:
    """Say whose films a folder has, and which episodes they show.

    Raises:
        DiskFull: No space left; the index before is intact.
    """
    content = {**origin, "episodes": [as_json(entries[seed]) for seed in sorted(entries)]}
    write_atomically(folder / INDEX, (json.dumps(content, indent=1) + "\n").encode())
