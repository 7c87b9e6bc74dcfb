"""The commands of the photos room."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cad2real.quoting import quoted

if TYPE_CHECKING:
    from photos.export import ExportFormat
    from photos.stage import Outcome

SHOWN = 20  # skipped photos that are printed; all of them are in skipped.json


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
    app.command("photos")(photos)


def photos(  # an option of the command line each
    photos: Annotated[Path | None, typer.Option(help="Folder of photos; sub-folders are labels.")] = None,
    boxes: Annotated[Path | None, typer.Option(help="csv, COCO, YOLO, VOC, ...; else those in --photos.")] = None,
    border: Annotated[
        Literal["shift", "pad"], typer.Option(help="Square over the photo's edge: move it inside, or fill with black.")
    ] = "shift",
    size: Annotated[int, typer.Option(min=16, max=4096, help="Side of the squares in pixels.")] = 512,
    out: Annotated[Path | None, typer.Option(help="Folder to write, with --photos or --export.")] = None,
    finder: Annotated[
        Path | None, typer.Option(help="With --photos: folder of a finder, which looks through photos without boxes.")
    ] = None,
    export: Annotated[
        Literal["coco", "yolo", "voc"] | None,
        typer.Option(help="Write the project's given and found boxes into --out instead, with the photos."),
    ] = None,
    correct: Annotated[
        bool, typer.Option("--correct", help="Write what was found into the project's box file, to be corrected.")
    ] = False,
) -> None:
    """Turns photos into upright squares: one a box, given or found, or the whole photo padded with black.

    Without options it is the stage `photos` of the project in this folder (params.yaml -> data/squares).

    Example: cad2real photos --photos shots --boxes shots/boxes.csv --out squares
    """
    from cad2real.errors import UserError
    from photos.stage import make_squares

    if export is not None:
        if out is None or photos or boxes or finder or correct:
            raise UserError("--export needs --out, and nothing else.", "For example: --export coco --out boxes")
        _export(export, out)
        return
    if correct:
        if photos or out or boxes or finder:
            raise UserError("--correct takes no other option.", "It writes the box file of the project in this folder.")
        _correct()
        return
    if photos is None:
        if out or boxes or finder:
            raise UserError("--out, --boxes and --finder need --photos.", "Add --photos DIR, or leave them all out.")
        _stage()
        return
    if out is None:
        raise UserError("--photos needs --out.", "Add --out DIR.")
    from photos.boxes import boxes_in
    from photos.finder.finder import Finder
    from photos.looking import Looking

    boxes = boxes or boxes_in(photos)
    looking = Looking(Finder.load(finder, threads=1)) if finder else None
    _summary(make_squares(photos, boxes, border, size, out, looking), out)


def _stage() -> None:
    from cad2real.files import atomic_folder, write_json
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from photos.boxes import box_source
    from photos.learned import Learned
    from photos.looking import project_looking, why_not_looking
    from photos.manifest import SKIPPED, write_manifest
    from photos.stage import Outcome, Training, make_squares

    layout = Layout.of_project(instead="name the photos: --photos DIR --out DIR")
    loaded = load_params(layout.params)
    params, training = loaded.photos, Training(loaded.train.labels, layout.feedback if loaded.train.feedback else None)
    folder = layout.root / params.folder
    boxes = box_source(layout.root, params) if params.crop in ("auto", "boxes") else None
    if folder.is_dir():
        looking = project_looking(layout, params)
        outcome = make_squares(
            folder, boxes, params.border, params.size, layout.squares, looking, params.boxes_on, training
        )
        if looking is None and params.crop == "auto" and any(row.how == "whole" for row in outcome.rows):
            print(f"no finder: {why_not_looking(layout)}", file=sys.stderr)
    else:  # a project may start without photos, and git keeps no empty folder
        with atomic_folder(layout.squares) as target:
            write_manifest(target, [])
            write_json(target / SKIPPED, [])
            Learned([], [], {}).write(target, training.labels, training.feedback is not None)
        outcome = Outcome(0, [], [], 0, [])
    _summary(outcome, layout.squares)


def _export(kind: ExportFormat, out: Path) -> None:
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from photos.export import export_boxes

    layout = Layout.of_project()
    photos, boxes, skipped = export_boxes(
        layout.squares, layout.root / load_params(layout.params).photos.folder, kind, out
    )
    print(f"{boxes} boxes of {photos} photos in {out}")
    for fault in skipped:
        print(f"skipped: {fault}", file=sys.stderr)


def _correct() -> None:
    from cad2real.errors import UserError
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from photos.boxes import box_source
    from photos.correction import write_boxes_to_correct
    from photos.learned import with_all_labels

    layout = Layout.of_project()
    params = load_params(layout.params).photos
    if params.boxes is None or params.crop not in ("auto", "boxes"):
        reason = "photos.boxes is null" if params.boxes is None else f"photos.crop is {params.crop}"
        raise UserError(f"{reason}: a box file would not be read.", "Use the defaults of both in params.yaml.")
    path = layout.root / params.boxes
    source = box_source(layout.root, params)
    if source not in (None, path):
        raise UserError(
            f"{source} holds the boxes of this project, and {path.name} would take its place.",
            "Correct them there, or move them away first.",
        )
    written = write_boxes_to_correct(with_all_labels(layout.squares), layout.root / params.folder, path)
    print(
        f"{path}: {written.found} found boxes and {written.whole} whole photos added, the least certain first.\n"
        "Correct, add or delete rows (four empty corners: all of the photo), then run `cad2real run`:\n"
        "rows of this file win over what is found; a photo without a row is looked through again."
    )


def _summary(outcome: Outcome, out: Path) -> None:

    labels = {row.label for row in outcome.rows if row.label}
    unknown = sum(not row.label for row in outcome.rows)
    kept = f", {outcome.reused} kept from before" if outcome.reused else ""
    summary = f"{outcome.photos} photos -> {len(outcome.rows)} squares in {out} ({len(labels)} labels"
    print(summary + (f", {unknown} squares without a label" if unknown else "") + f"{kept})")
    for note in outcome.boxes:
        print(f"boxes: {quoted(note)}")
    for note in outcome.notes:
        print(quoted(note))
    ways = Counter(row.how for row in outcome.rows)
    if ways["found"]:
        found_in = len({row.photo for row in outcome.rows if row.how == "found"})
        print(f"parts found in {found_in} photos: {ways['found']}; {ways['whole']} photos stay whole")
    if outcome.nothing_found:
        print(f"nothing found in {len(outcome.nothing_found)} photos, which stay whole:", file=sys.stderr)
        _print_some([quoted(photo) for photo in outcome.nothing_found], out / "found.json")
    if not outcome.rows:
        print("warning: there are no photos to adapt to; add some and run this again.", file=sys.stderr)
    if outcome.skipped:
        print(f"{len(outcome.skipped)} skipped:", file=sys.stderr)
        _print_some(outcome.skipped, out / "skipped.json")


def _print_some(things: Sequence[object], all_of_them: Path) -> None:
    for thing in things[:SHOWN]:
        print(f"  {thing}", file=sys.stderr)
    if len(things) > SHOWN:
        print(f"  ... and {len(things) - SHOWN} more: see {all_of_them}", file=sys.stderr)
