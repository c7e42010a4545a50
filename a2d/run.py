"""A run's folder: its config, metrics and checkpoint, each complete on disk or not there at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml

from a2d.config import TrainConfig, flat, from_mapping, to_yaml
from a2d.critics import Critic
from a2d.distributions import ActionFamily
from a2d.errors import NoRoom, RunError
from a2d.files import FULL, UNREADABLE, explained, write_atomically
from a2d.learner import trainee_of
from a2d.methods import method_of
from a2d.origin import code_commit
from a2d.policies import Expert, Shapes, Trainee

CONFIG, METRICS, CHECKPOINT, ORIGIN = "config.yaml", "metrics.jsonl", "checkpoint.pt", "origin.json"
ROWS = "rows"  # the folder with what its buffer holds, until it is finished
WHEREABOUTS = frozenset({"run", "device", "threads", "env.server", "env.per_worker", "checkpoint.megabytes"})
"""Settings that say where a run happens, not what it is."""


class Run:
    """One training run on disk.

    Args:
        folder: Where it was trained.
        config: Its settings.
        name: Of a trainee that ships with the package, whose folder is only read; empty for other runs.
    """

    def __init__(self, folder: Path, config: TrainConfig, *, name: str = "") -> None:
        self.folder, self.config, self.name = folder, config, name

    @classmethod
    def create(cls, folder: str | Path, config: TrainConfig) -> Run:
        """Open the run in `folder`, or begin it there; one that has no checkpoint yet takes the new config.

        Raises:
            RunError: The folder holds something else, or a run with another config.
        """
        folder = Path(folder)
        if (folder / CHECKPOINT).exists():
            _refuse_difference(folder, cls.open(folder).config, config)
            if not cls(folder, config).finished:  # else nothing is trained
                _note_commit(folder)
            return cls(folder, config)
        begun = (folder / CONFIG).exists()
        if (
            not begun
            and folder.is_dir()
            and any(not entry.name.endswith(".partial") for entry in folder.iterdir())
        ):
            raise RunError(f"{folder} has files in it but is no run (no {CONFIG}); choose another run=FOLDER")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, folder) from error
        write_atomically(folder / CONFIG, to_yaml(config).encode())
        _note_commit(folder)
        return cls(folder, config)

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open a run that exists.

        Raises:
            RunError: There is none, or its config cannot be read.
        """
        folder = Path(folder)
        path = folder / CONFIG
        if not path.is_file():
            raise RunError(
                f"{folder} is no run: it has no {CONFIG}; `a2d train PRESET run={folder}` makes one"
            )
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise RunError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
        if not isinstance(values, dict):
            raise RunError(f"{path} holds no settings")
        return cls(folder, from_mapping(values))

    @property
    def called(self) -> str:
        """What names it on a command line."""
        return self.name or str(self.folder)

    @property
    def quoted(self) -> str:
        """The same, as a shell takes it."""
        return shlex.quote(self.called)

    @property
    def results(self) -> Path:
        """Where its evaluations and videos are: its folder, or runs/NAME of one that ships."""
        return Path("runs") / self.name if self.name else self.folder

    @property
    def commits(self) -> list[str]:
        """The commits whose code trained it, in their order; none if that was not noted."""
        return _commits(self.folder)

    @property
    def metrics_path(self) -> Path:
        """One JSON object per round."""
        return self.folder / METRICS

    @property
    def checkpoint_path(self) -> Path:
        """Everything the run goes on from."""
        return self.folder / CHECKPOINT

    @property
    def finished(self) -> bool:
        """The run used up its interactions."""
        return self.checkpoint_path.exists() and bool(self.checkpoint().get("finished"))

    def reserve(self, size: int) -> None:
        """Find out now, and not when the first checkpoint is due, whether `size` bytes can be written.

        Raises:
            NoRoom: They cannot; nothing was changed.
            RunError: The folder cannot be written at all.
        """
        trial = self.folder / "room.partial"
        try:
            with trial.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno in FULL:
                raise NoRoom(self.folder, needed=size, free=shutil.disk_usage(self.folder).free) from error
            raise explained(error, self.folder) from error
        finally:
            with contextlib.suppress(OSError):  # of a disk that cannot be written, told above
                trial.unlink(missing_ok=True)

    def save(self, checkpoint: Mapping[str, Any]) -> None:
        """Replace the checkpoint, or leave the last one as it was.

        Raises:
            DiskFull: No space left.
        """
        write_atomically(self.checkpoint_path, partial(torch.save, dict(checkpoint)))

    def checkpoint(self) -> dict[str, Any]:
        """Read the checkpoint: tensors and plain values only, never code.

        Raises:
            RunError: There is none, or it cannot be read.
        """
        path = self.checkpoint_path
        if not path.is_file():
            raise RunError(f"{self.folder} has no {CHECKPOINT} yet; train it first")
        try:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
        except UNREADABLE as error:
            raise RunError(
                f"{path} cannot be read, it is truncated or no checkpoint: restore a copy, "
                "or delete it to train again from the start"
            ) from error
        if not isinstance(loaded, dict) or "shapes" not in loaded:
            raise RunError(f"{path} is no checkpoint of a run")
        return loaded

    @property
    def shapes(self) -> Shapes:
        """Of the world that it was trained in; raises RunError as `checkpoint` does."""
        return _shapes(self.checkpoint()["shapes"])

    def load_trainee(self, device: str | torch.device) -> Expert | Trainee:
        """Load the driver that the run gives: its trainee, or its expert where the method is rl_mdp.

        Raises:
            RunError: There is no readable checkpoint, or it is of another shape than config.yaml says.
        """
        checkpoint = self.checkpoint()
        shapes = _shapes(checkpoint["shapes"])
        method = method_of(self.config)
        driver = (
            Expert(shapes, self.config.expert)
            if method.driver == "expert"
            else trainee_of(shapes, self.config)
        )
        self._fill(driver, checkpoint, "best" if checkpoint.get("best") else method.driver)
        return driver.to(device).eval()

    def load_expert(self, shapes: Shapes, *, device: str | torch.device) -> Expert:
        """Load the expert for a world of the given shapes: the one that the run gives, if it gives an expert.

        Raises:
            RunError: As `load_trainee`; or the run has no expert, or one for another state or other actions.
        """
        if method_of(self.config).improves != "expert":
            raise RunError(
                f"{self.folder} is a run of {self.config.method} and learned no expert; "
                "name an rl_mdp or a2d run"
            )
        checkpoint = self.checkpoint()
        if "expert" not in checkpoint:
            raise RunError(f"{self.called} ships without its expert, with the trainee alone")
        saved = _shapes(checkpoint["shapes"])
        if (saved.state, saved.family) != (shapes.state, shapes.family):
            raise RunError(
                f"the expert of {self.folder} reads {saved.state} numbers and gives {saved.family.actions} "
                f"{saved.family.kind} actions; this world has {shapes.state} and {shapes.family.actions} "
                f"{shapes.family.kind}"
            )
        return self._expert(checkpoint, saved).to(device).eval().requires_grad_(False)

    def load_critic(self, device: str | torch.device) -> Critic | None:
        """Load the critic that sees the state; None where the run fitted none, or ships without.

        Raises:
            RunError: As `load_trainee`.
        """
        checkpoint, method = self.checkpoint(), method_of(self.config)
        if method.baseline == "mixture" or "critic" not in checkpoint:
            return None
        reading = self.config.trainee if method.baseline == "both" else None
        critic = Critic(_shapes(checkpoint["shapes"]), self.config.expert, reading=reading)
        self._fill(critic, checkpoint, "critic")
        return critic.to(device).eval()

    def append(self, metrics: Mapping[str, float]) -> None:
        """Add one line to the metrics.

        Raises:
            DiskFull: No space left.
        """
        try:
            with self.metrics_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(dict(metrics)) + "\n")
        except OSError as error:
            raise explained(error, self.metrics_path) from error

    def rewind(self, rounds: int) -> None:
        """Forget metrics after the first `rounds` rounds, and a line cut short: they are written again."""
        if not self.metrics_path.exists():
            return
        kept = []
        for line in self.metrics_path.read_text(encoding="utf-8").splitlines():
            try:
                if json.loads(line)["round"] <= rounds:
                    kept.append(line + "\n")
            except (json.JSONDecodeError, KeyError):
                break
        write_atomically(self.metrics_path, "".join(kept).encode())

    def _expert(self, checkpoint: Mapping[str, Any], shapes: Shapes) -> Expert:
        expert = Expert(shapes, self.config.expert)
        given = method_of(self.config).driver == "expert" and checkpoint.get("best")
        self._fill(expert, checkpoint, "best" if given else "expert")
        return expert

    def _fill(self, module: torch.nn.Module, checkpoint: Mapping[str, Any], name: str) -> None:
        try:
            module.load_state_dict(checkpoint[name])
        except (RuntimeError, KeyError) as error:
            reason = " ".join(str(error).split())[:200]
            raise RunError(
                f"{self.checkpoint_path} is of another shape than {CONFIG} says: {reason}; "
                "was one of the two changed?"
            ) from error


def checkpoint_id(run: Run) -> str:
    """Name a checkpoint by its content, so that results of different ones are never mixed.

    Raises:
        RunError: There is none.
    """
    path = run.checkpoint_path
    if not path.is_file():
        raise RunError(f"{run.folder} has no {CHECKPOINT} yet; train it first: a2d train ...")
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _refuse_difference(folder: Path, old: TrainConfig, new: TrainConfig) -> None:
    before, after = flat(old), flat(new)
    for key in sorted(before.keys() | after.keys()):
        if key not in WHEREABOUTS and before.get(key) != after.get(key):
            raise RunError(
                f"{folder} is a run with {key}={before.get(key)}, not {after.get(key)}: "
                "give the same settings to go on, or another run=FOLDER"
            )


def _note_commit(folder: Path) -> None:
    """Add the commit of the code that trains from now on, if it is known and new."""
    known, commit = _commits(folder), code_commit()
    if commit is not None and commit not in known:
        write_atomically(folder / ORIGIN, (json.dumps({"commits": [*known, commit]}) + "\n").encode())


def _commits(folder: Path) -> list[str]:
    path = folder / ORIGIN
    try:
        return list(json.loads(path.read_text("utf-8"))["commits"]) if path.is_file() else []
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} cannot be read ({error}); delete it to go on without") from error


def _shapes(text: str) -> Shapes:
    values = json.loads(text)
    image = None if values["image"] is None else (values["image"][0], values["image"][1], values["image"][2])
    vectors = tuple((str(key), int(size)) for key, size in values["vectors"])
    family, exogenous = ActionFamily(**values["family"]), values.get("exogenous", 0)
    return Shapes(values["state"], vectors, image, family, exogenous)
