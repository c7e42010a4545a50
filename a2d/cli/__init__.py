"""The command line: `a2d train | evaluate | record | compare | sweep | ship | export`."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import gymnasium
import typer

from a2d.errors import A2DError

COMMANDS = ("train", "evaluate", "record", "compare", "sweep", "ship", "export")
INTERNAL = ("sweep_run",)  # what other commands start
INTERRUPTED = 130  # what a shell reports for Ctrl-C

HELP = "Train drivers that see only a camera with the help of an expert that sees everything, and judge them."


def main() -> None:
    """Run the command line; a foreseeable failure is one line on stderr and exit code 1."""
    gymnasium.logger.min_level = logging.CRITICAL  # a worker's failure arrives as our own one line
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to stop: as tidily as for Ctrl-C
    application(sys.argv[1:2])()


def application(wanted: list[str]) -> typer.Typer:
    """Make the command line, loading only the wanted command's module, or all to list them."""
    app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_root)
    names = [name for name in (*COMMANDS, *INTERNAL) if name in wanted] or COMMANDS
    for name in names:
        module = importlib.import_module(f"a2d.cli.{name}")
        app.command(name)(explained(getattr(module, name)))
    return app


def explained(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a command raises into one line on stderr and an exit code."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except A2DError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(1) from error
        except BrokenPipeError:
            os.dup2(
                os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
            )  # the reader of our output went away
            raise typer.Exit(1) from None
        except OSError as error:
            typer.echo(f"error: {error.filename or command.__name__}: {error.strerror or error}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None

    return run


def _root() -> None:
    """Every command has --help with an example."""
