"""The `driving` command: an embedded server, and what checks servers and scenarios."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from driving.errors import DrivingError
from driving.server.errors import ServerError
from sensors.errors import SensorError

# each is a module of this package with a function of its name
COMMANDS = ("serve", "doctor", "certify", "calibrate", "gallery")
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it


def main() -> None:
    """Run one command; what goes wrong is one line on stderr and an exit code that is not 0."""
    try:
        _application(sys.argv[1:2])()
    except (DrivingError, ServerError, SensorError) as error:
        print(f"driving: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:  # of a file that was named
        print(f"driving: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _application(first: list[str]) -> typer.Typer:
    """The command line, with the named command only: the others' imports take seconds."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_about)
    for name in [name for name in COMMANDS if [name] == first] or COMMANDS:
        app.command(name)(getattr(import_module(f"driving.cli.{name}"), name))
    return app


def _about() -> None:
    """CARLA as a training ground: serve an embedded simulator, certify scenarios, calibrate motion."""
