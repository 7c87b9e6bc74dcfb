"""`cad2real label`: a handful of labels, where they help most."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

SHOWN = 20  # pictures without a usable answer that are printed


def register(app: typer.Typer) -> None:
    """Adds this command to `app`."""
    app.command()(label)


def label(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of suggestions that has been sorted, to be read back.")
    ] = None,
    suggest: Annotated[
        int | None, typer.Option(min=1, max=10_000, metavar="N", help="Write N photos to name into --out.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("to_label"),
) -> None:
    """Says which photos to name next, so that a few labels help most, and reads the names back.

    Sort the pictures into the folders of their parts, or fill in suggestions.csv; then `cad2real label to_label` adds
    them to training_labels.csv in the photo folder, and `train.labels: csv` in params.yaml trains with them.

    Example: cad2real label --suggest 20
    """
    from cad2real.errors import UserError

    if (folder is None) == (suggest is None):
        raise UserError("label needs --suggest N or a folder to read back.", "For example: cad2real label --suggest 20")
    if folder is None:
        _suggest(suggest or 0, out)
    else:
        _read_back(folder)


def _suggest(count: int, out: Path) -> None:
    from cad2real.layout import Layout
    from search.labelling.suggestions import suggest

    written = suggest(Layout.of_project(), count, out)
    if written < count:
        print(f"note: there are no more than {written} photos without a label that trains.", file=sys.stderr)
    print(
        f"{written} pictures in {out}, the least sure first. Move them into the folders of their parts, or fill in\n"
        f"the column label of {out / 'suggestions.csv'}; leave what you do not know."
        f" Then: cad2real label {shlex.quote(str(out))}"
    )


def _read_back(folder: Path) -> None:
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from cad2real.quoting import quoted
    from search.labelling.suggestions import read_back

    layout = Layout.of_project()
    loaded = load_params(layout.params)
    found, strange = read_back(layout, loaded.photos.folder, folder)
    print(f"{found.labels} labels read, {found.total} in all; {found.unanswered} pictures without an answer")
    for one in found.skipped[:SHOWN]:
        print(f"skipped: {one}", file=sys.stderr)
    if len(found.skipped) > SHOWN:
        print(f"... and {len(found.skipped) - SHOWN} more", file=sys.stderr)
    if strange:
        print(quoted(f"warning: no part has the label {', '.join(strange)}; it trains nothing."), file=sys.stderr)
    if loaded.train.labels != "csv":
        print("They do not train yet: set train.labels to csv in params.yaml.")
    print("Next: cad2real run. Photos whose label trains are not scored any more.")
