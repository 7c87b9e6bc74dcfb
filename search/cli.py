"""The commands of the search room."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cad2real.errors import Skipped
    from photos.crop import Box
    from search.finding import FoundParts
    from search.prediction import Prediction
    from search.query import Search
    from search.ranking import Match

EVALUATE = Path("evaluate")
"""In place of a photo: all photos whose labels are known."""


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
    app.command("search")(search)
    app.command("predict")(predict)
    app.command("find")(find)
    app.command("count")(count)


def search(  # more than seven parameters: typer makes an option of each
    photo: Annotated[
        Path, typer.Argument(help="The picture to ask about; or: evaluate, all labelled photos.", show_default=False)
    ],
    box: Annotated[
        str | None, typer.Option(metavar="X0,Y0,X1,Y1", help="Where the part is, in pixels of the upright photo.")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, max=100, help="How many parts (default: params.yaml, 5).")] = None,
    one: Annotated[bool, typer.Option("--one", help="Of several parts found, the largest alone.")] = False,
    material: Annotated[str | None, typer.Option(help="Only parts of this material.", show_default=False)] = None,
    color: Annotated[str | None, typer.Option(help="Only parts of this colour.", show_default=False)] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="MIN-MAX", help="Only parts whose longest side is so many mm, such as 20-60, 20- or -60."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    foreign: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With evaluate: renders of other parts to hide the project's among."),
    ] = None,
) -> None:
    """Says which parts a photo shows, nearest first. Where the project has a finder, every part in it has its answer.

    `cad2real search evaluate` scores the search on the labelled photos instead.

    Example: cad2real search data/photos/hex_bolt/003.jpg --box 120,80,410,300
    """
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from cad2real.quoting import quoted_json
    from search.part_filter import PartFilter, size_range
    from search.query import Answer

    if photo == EVALUATE and not photo.exists():
        _evaluate(foreign, as_json)
        return
    part_box = box_of(box) if box else None
    wanted = PartFilter(material, color, *size_range(size))
    count = top or load_params(Layout().params).search.top
    opened = _opened_search()
    opened.refuse_unknown(wanted)
    if box:
        answers = [Answer(opened.find(photo, part_box, count, wanted))]
    else:
        answers = opened.find_all(photo, count, one, wanted)
    if as_json:
        print(quoted_json([entry for answer in answers for entry in answer.as_dicts()]))
        return
    for number, answer in enumerate(answers):
        if answer.box is not None:
            print(("\n" if number else "") + f"part at {answer.where} (score {answer.score:.2f}):")
        print(table(answer.matches))


def _evaluate(foreign: Path | None, as_json: bool) -> None:
    from cad2real.layout import Layout
    from cad2real.quoting import quoted_json
    from search.evaluation.evaluate import evaluate
    from search.evaluation.table import novelty_lines, score_rows
    from train.compute.out_of_memory import explain_out_of_memory

    with explain_out_of_memory("search evaluate"):
        evaluation = evaluate(Layout(), foreign)
    if as_json:
        print(quoted_json(evaluation.as_dict()))
        return
    header, *rows = score_rows(evaluation)
    print(_aligned(header, rows))
    for line in novelty_lines(evaluation):
        print(line)


def _opened_search() -> Search:
    """The project's search, without torch where the index has its network beside it."""
    from cad2real.layout import Layout
    from search.index import load_index
    from search.photo_network import NETWORK
    from search.query import Search

    layout = Layout()
    if not layout.index.is_dir() or (layout.index / NETWORK).is_file():
        return Search.open(Path())
    from search.torch_model import load_model  # an index of before, or a network that cannot be written as ONNX

    return Search.open(Path(), load_model(layout.models, load_index(layout.index).model_stage)[1])


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
    one: Annotated[bool, typer.Option("--one", help="Of several parts found, the largest alone.")] = False,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the answers to this file as well.")] = None,
) -> None:
    """Names the label of each photo and how likely it is. Where the project has a finder, every part in it has its
    answer. Bad photos are listed; with any, the exit code is 1.

    Example: cad2real predict shots/ IMG_0412.jpg --top 3
    """
    from cad2real.errors import Skipped
    from cad2real.files import write_json
    from search.prediction import Predictor, list_photos
    from train.compute.out_of_memory import explain_out_of_memory

    part_box = box_of(box) if box else None
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
        print(_aligned(header, rows) if found else _aligned((header[0], *header[5:]), [(r[0], *r[5:]) for r in rows]))
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
    from search.finding import PartFinder
    from search.prediction import list_photos
    from train.compute.out_of_memory import explain_out_of_memory

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
        print(_aligned(("photo", "x_min", "y_min", "x_max", "y_max", "score"), found_rows(found)))
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
    from search.counting import CountedParts, count_parts
    from search.prediction import Predictor, list_photos
    from train.compute.out_of_memory import explain_out_of_memory

    paths, skipped = list_photos(photos)
    counted: list[CountedParts] = []
    with explain_out_of_memory("count"):
        for one in count_parts(Predictor.open(Path(), model), paths, draw):
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
        print(_aligned(("photo", "label", "parts"), rows))
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


def table(matches: list[Match]) -> str:
    """`matches` as lines for a terminal."""
    header = ("rank", "part", "label", "name", "distance")
    return _aligned(header, [(str(m.rank), m.part_id, m.label, m.name, f"{m.distance:.3f}") for m in matches])


def _aligned(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    from cad2real.quoting import quoted

    rows = [tuple(map(quoted, row)) for row in rows]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in (header, *rows))  # fmt: skip


def box_of(text: str) -> Box:
    """A box of `--box`. Raises UserError for what is none."""
    from cad2real.errors import UserError
    from photos.crop import Box

    try:
        x_min, y_min, x_max, y_max = (float(value) for value in text.split(","))
    except ValueError:
        raise UserError(f"--box {text} is not four numbers.", "Write --box x0,y0,x1,y1 in pixels.") from None
    return Box(x_min, y_min, x_max, y_max)
