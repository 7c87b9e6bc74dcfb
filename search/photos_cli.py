"""The commands for many photos: what they show, where, how many of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search.cli import aligned, box_of

if TYPE_CHECKING:
    from cad2real.errors import Skipped
    from search.finding import FoundParts
    from search.prediction import Prediction


def register(app: typer.Typer) -> None:
    """Adds these commands to `app`."""
    app.command("predict")(predict)
    app.command("find")(find)
    app.command("count")(count)


def predict(  # more than seven parameters: typer makes an option of each
    photos: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.", show_default=False)],
    model: Annotated[
        Path | None, typer.Option(help="Folder of a model (default: data/models/current, else data/models/adapt).")
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="How many labels a photo.")] = 1,
    box: Annotated[
        str | None,
        typer.Option(metavar="X0,Y0,X1,Y1", help="Where the part is in each photo, in pixels of the upright photo."),
    ] = None,
    same_camera: Annotated[
        bool,
        typer.Option("--same-camera", help="The photos come from the camera and distance of the project's photos."),
    ] = False,
    one: Annotated[bool, typer.Option("--one", help="Of several parts found, the main one alone.")] = False,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the answers to this file as well.")] = None,
) -> None:
    """Names the label of each photo and how likely it is. Where the project has a finder, every part in it has its
    answer. Bad photos are listed; with any, the exit code is 1.

    Example: cad2real predict shots/ IMG_0412.jpg --top 3
    """
    from cad2real.errors import Skipped
    from cad2real.files import write_json
    from cad2real.layout import Layout
    from search.prediction import Predictor, list_photos
    from train.compute.out_of_memory import explain_out_of_memory

    part_box = box_of(box) if box else None
    if model is None:
        Layout.of_project(instead="name a model: --model DIR")
    paths, skipped = list_photos(photos)
    predictions: list[Prediction] = []
    with explain_out_of_memory("predict"):
        predictor = Predictor.open(Path(), model)
        if same_camera and not predictor.model.knows_scale:
            print("The model knows no scale of its photos: sizes are left out.", file=sys.stderr)
        for prediction in predictor.predict(paths, part_box, top, same_camera, one):
            if isinstance(prediction, Skipped):
                skipped.append(prediction)
            else:
                predictions.append(prediction)
    if as_json:
        faults = [fault.as_dict() for fault in skipped]
        write_json(as_json, {"photos": [prediction.as_dict() for prediction in predictions], "skipped": faults})
    if predictions:
        rows = [
            (
                str(answer.photo),
                *answer.corners,
                f"unknown (if known, {label})" if answer.unknown else label,
                f"{p:.1%}",
            )
            for answer in predictions
            for label, p in answer.labels
        ]
        found = any(answer.box for answer in predictions)
        header = ("photo", "x_min", "y_min", "x_max", "y_max", "label", "probability")
        print(aligned(header, rows) if found else aligned((header[0], *header[5:]), [(r[0], *r[5:]) for r in rows]))
    _report_skipped(skipped)


def find(
    photos: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.", show_default=False)],
    finder: Annotated[Path | None, typer.Option(help="Folder of a finder (default: data/models/find).")] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Least score of a part (default: the finder's own).")
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write boxes, scores and masks to this file.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Write pictures with the boxes drawn into this folder.")] = None,
) -> None:
    """Finds the parts in whole photos, whatever they are: boxes in pixels of the upright photo, best first.

    It needs a finder: `cad2real train find`. Bad photos are listed; with any, the exit code is 1.

    Example: cad2real find shots/ --draw found/
    """
    from cad2real.errors import Skipped
    from cad2real.files import write_json
    from cad2real.layout import Layout
    from search.finding import PartFinder
    from search.prediction import list_photos
    from train.compute.out_of_memory import explain_out_of_memory

    if finder is None:
        Layout.of_project(instead="name a finder: --finder DIR")
    paths, skipped = list_photos(photos)
    found: list[FoundParts] = []
    with explain_out_of_memory("find"):
        for one in PartFinder.open(Path(), finder).find(paths, threshold, draw):
            if isinstance(one, Skipped):
                skipped.append(one)
            else:
                found.append(one)
    if as_json:
        faults = [fault.as_dict() for fault in skipped]
        write_json(as_json, {"photos": [one.as_dict() for one in found], "skipped": faults})
    if found:
        print(aligned(("photo", "x_min", "y_min", "x_max", "y_max", "score"), found_rows(found)))
    _report_skipped(skipped)


def count(
    photos: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.", show_default=False)],
    model: Annotated[
        Path | None, typer.Option(help="Folder of a model (default: data/models/current, else data/models/adapt).")
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write counts and boxes to this file.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Write pictures with boxes and labels into this folder.")] = None,
) -> None:
    """Counts the parts in whole photos by label. It needs a finder: `cad2real train find`. Bad photos are listed; with
    any, the exit code is 1.

    Example: cad2real count box_of_screws.jpg --draw counted/
    """
    from cad2real.errors import Skipped
    from cad2real.files import write_json
    from cad2real.layout import Layout
    from search.counting import CountedParts, count_parts, counting_predictor
    from search.prediction import list_photos
    from train.compute.out_of_memory import explain_out_of_memory

    Layout.of_project()  # whose finder counts, whatever the model
    paths, skipped = list_photos(photos)
    counted: list[CountedParts] = []
    with explain_out_of_memory("count"):
        for one in count_parts(counting_predictor(Path(), model), paths, draw):
            if isinstance(one, Skipped):
                skipped.append(one)
            else:
                counted.append(one)
    if as_json:
        faults = [fault.as_dict() for fault in skipped]
        write_json(as_json, {"photos": [one.as_dict() for one in counted], "skipped": faults})
    rows = [
        (str(one.photo), label, str(number))
        for one in counted
        for label, number in (one.counts or {"nothing found": 0}).items()
    ]
    if rows:
        print(aligned(("photo", "label", "parts"), rows))
    _report_skipped(skipped)


def found_rows(found: Sequence[FoundParts]) -> list[tuple[str, ...]]:
    """A line a part, and one for each photo in which none was found."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        parts = [(*(str(round(side)) for side in part.box), f"{part.score:.2f}") for part in one.parts]
        rows += [(str(one.photo), *part) for part in parts or [("nothing found", "", "", "", "")]]
    return rows


def _report_skipped(skipped: list[Skipped]) -> None:
    """Lists what could not be used, and ends with exit code 1 if there is any."""
    if not skipped:
        return
    print(f"{len(skipped)} could not be used:", file=sys.stderr)
    for fault in skipped:
        print(f"  {fault}", file=sys.stderr)
    raise typer.Exit(1)
