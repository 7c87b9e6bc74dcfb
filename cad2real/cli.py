"""The command line: one command a job, each owned by its room. Heavy libraries load only when a command runs."""

from __future__ import annotations

import sys

import typer

import flows.cli
import photos.cli
import render.cli
import search.cli
import train.cli
from cad2real.errors import UserError

app = typer.Typer(
    help="Recognise real parts from CAD alone: render CAD, adapt to unlabelled photos, ask which part a photo shows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _front_desk() -> None:
    """Keeps the names of the commands even while there is only one."""


for room in (flows.cli, render.cli, photos.cli, train.cli, search.cli):
    room.register(app)


def main() -> None:
    """Runs the command; a user's mistake ends in one line on standard error and exit code 1."""
    try:
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        sys.exit(130)
