"""The one base of everything that a caller of this package may catch."""


class A2DError(Exception):
    """Something the caller can act on; its message is one line that says what, where and what to try."""


class DiskFull(A2DError):
    """The disk took no more; what stood there before is intact."""

    def __init__(self, path: object) -> None:
        super().__init__(
            f"no space left to write {path}; the last checkpoint is intact: "
            "free some space and run the same command again"
        )


class NoRoom(A2DError):
    """A run's folder has no room for what the run will write."""

    def __init__(self, folder: object, *, needed: int, free: int) -> None:
        super().__init__(
            f"{folder} has no room for this run's checkpoints: they need up to {needed / 1e6:.1f} MB, "
            f"{free / 1e6:.1f} MB are free; free some space, choose another run=FOLDER, "
            "or keep less of the buffer there (checkpoint.megabytes=N)"
        )


class RunError(A2DError):
    """A run's folder is not one, belongs to another config, or holds what cannot be read."""


class WorldError(A2DError):
    """A world cannot be made, or failed while it ran."""
