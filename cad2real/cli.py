"""The command line: one command a job, each owned by its room. Heavy libraries load only when a command runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import flows.cli
import photos.cli
import render.cli
import search.cli
import search.index_cli
import search.labelling.command
import search.photos_cli
import search.service_cli
import train.cli
import train.segment_cli
from cad2real.disk_errors import disk_error
from cad2real.errors import UserError
from cad2real.memory_errors import memory_error
from cad2real.quoting import quoted

app = typer.Typer(
    help="Recognise real parts from CAD alone: render CAD, adapt to unlabelled photos, ask which part a photo shows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _front_desk() -> None:
    """Keeps the names of the commands even while there is only one."""


def params(
    key: Annotated[
        str | None,
        typer.Argument(
            metavar="KEY", help="A parameter or a block; with --schema: the file to write.", show_default=False
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Write a JSON Schema of params.yaml, for completion in editors.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Write the comments (#:) of params.yaml anew; values and yours stay.")
    ] = False,
) -> None:
    """List all parameters with their values here (* where not the default), or say everything about one.

    Example: cad2real params render.views
    """
    import shutil

    from cad2real.reference import command as params_command

    if refresh and (schema or key):
        raise UserError("--refresh stands alone.", "For example: cad2real params --refresh")
    if schema:
        params_command.write_schema(Path(key) if key else None)
    elif refresh:
        params_command.refresh(Path())
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in params_command.said(Path(), key, width):
            print(line)


ROOMS = (
    flows.cli,
    render.cli,
    photos.cli,
    train.cli,
    train.segment_cli,
    search.index_cli,
    search.cli,
    search.photos_cli,
    search.labelling.command,
    search.service_cli,
)
for room in ROOMS:
    room.register(app)
app.command()(params)
render.cli.export_app.command("onnx")(search.service_cli.export_onnx)


def main() -> None:
    """Runs the command; a user's mistake ends in one line on standard error and exit code 1."""
    try:
        app()
    except UserError as error:
        print("\n".join(map(quoted, f"error: {error}".split("\n"))), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        known = disk_error(error) or memory_error(error)
        if known is None:
            raise
        print(quoted(f"error: {known}"), file=sys.stderr)
        sys.exit(1)
