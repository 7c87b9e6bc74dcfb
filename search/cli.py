"""The command that asks which part a photo shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from photos.crop import Box
    from search.part_filter import PartFilter
    from search.query import Answer, Search
    from search.ranking import Match
    from search.seeing.things import Shown
    from search.ties import Tie

EVALUATE = Path("evaluate")
"""In place of a photo: all photos whose labels are known."""


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
    app.command("search")(search)


def search(  # more than seven parameters: typer makes an option of each
    photo: Annotated[
        Path,
        typer.Argument(
            help="The picture to ask about; or a part's number or name; or: evaluate, all labelled photos.",
            show_default=False,
        ),
    ],
    same: Annotated[
        list[Path] | None,
        typer.Option(metavar="PHOTO", help="Another photo of the same part, from another side; again for a third."),
    ] = None,
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X0,Y0,X1,Y1",
            help="Where the part is, in pixels of the upright photo; again for each --same, in their order.",
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="MM=X0,Y0,X1,Y1",
            help="A line in the (first) photo that is so many mm long, or a 1euro, 2euro, 50cent, quarter, card or a4.",
        ),
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, max=100, help="How many parts (default: params.yaml, 5).")] = None,
    one: Annotated[bool, typer.Option("--one", help="Of several parts found, the main one alone.")] = False,
    material: Annotated[str | None, typer.Option(help="Only parts of this material.", show_default=False)] = None,
    color: Annotated[str | None, typer.Option(help="Only parts of this colour.", show_default=False)] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="MIN-MAX", help="Only parts whose longest side is so many mm, such as 20-60, 20- or -60."),
    ] = None,
    assembly: Annotated[str | None, typer.Option(help="Only parts of it, or of a machine.", show_default=False)] = None,
    position: Annotated[str | None, typer.Option(help="Only parts there in the list.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    foreign: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With evaluate: renders of other parts to hide its own among.")
    ] = None,
) -> None:
    """Says which parts a photo shows, nearest first (with a finder, of every part in it), or which a number means.

    `cad2real search evaluate` scores the search on the labelled photos instead.

    Example: cad2real search data/photos/hex_bolt/003.jpg --box 120,80,410,300
    """
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from search.part_filter import PartFilter, size_range

    if photo == EVALUATE and not photo.exists():
        _evaluate(foreign, as_json)
        return
    photos = photos_with_boxes([photo, *(same or [])], box or [], reference)
    wanted = PartFilter(material, color, *size_range(size), assembly=assembly, position=position)
    if same or box or photo.exists() or not _print_named(str(photo), wanted, top, as_json):
        count = top or load_params(Layout().params).search.top
        _print_answers(_answers(photos, count, wanted, one), as_json)


def _answers(photos: list[Shown], top: int, wanted: PartFilter, one: bool) -> list[Answer]:
    opened = _opened_search()
    opened.refuse_unknown(wanted)
    if len(photos) > 1:
        return [opened.find_same(photos, top, wanted)]
    if photos[0].box:
        return [opened.answer(photos[0], top, wanted)]
    return opened.find_all(photos[0], top, one, wanted)


def _print_answers(answers: list[Answer], as_json: bool) -> None:
    from cad2real.quoting import quoted, quoted_json

    if as_json:
        print(quoted_json([entry for answer in answers for entry in answer.as_dicts()]))
        return
    for number, answer in enumerate(answers):
        if answer.box is not None and answer.score is not None:
            print(("\n" if number else "") + f"part at {answer.where} (score {answer.score:.2f}):")
        if answer.size is not None:
            print(f"in the photo: {' x '.join(map(str, answer.size.as_list()))} mm")
        print(table(answer.matches))
        if answer.matches and answer.matches[0].is_unusual:
            print("no part fits well: it may not be in the catalogue; these are the nearest")
        if answer.facts:
            print("looks like: " + ", ".join(f"{fact.value} ({fact.confidence:.0%})" for fact in answer.facts))
        if answer.unseen:
            print("so do, without renders yet: " + ", ".join(quoted(one.part.part_id) for one in answer.unseen))
        if answer.tie:
            print(tie_line(answer.tie))


def _print_named(text: str, wanted: PartFilter, top: int | None, as_json: bool) -> bool:
    """Prints the parts that `text` names, and returns whether there are any."""
    from cad2real.layout import Layout
    from cad2real.quoting import quoted_json
    from search.index import load_index
    from search.naming.catalogue import named_parts
    from search.places import in_words

    index = load_index(Layout.of_project().index)
    found = [(index.parts[one.number], one.how) for one in named_parts(index, text, wanted)[:top]]
    if as_json and found:
        said = [{"part_id": part.part_id, "label": part.label, "name": part.name, "how": how} for part, how in found]
        where = [{"places": [asdict(one) for one in part.places]} if part.places else {} for part, _ in found]
        both = zip(said, where, strict=True)
        print(quoted_json([{"rank": rank, **one, **places} for rank, (one, places) in enumerate(both, 1)]))
    elif found:
        rows = [
            (str(rank), part.part_id, part.label, part.name, how, in_words(part.places))
            for rank, (part, how) in enumerate(found, 1)
        ]
        print(_without_empty_end(("rank", "part", "label", "name", "how", "position"), rows))
    return bool(found)


def _evaluate(foreign: Path | None, as_json: bool) -> None:
    from cad2real.layout import Layout
    from cad2real.quoting import quoted_json
    from search.evaluation.evaluate import evaluate, write_evaluation
    from search.evaluation.table import look_alike_lines, looks_lines, novelty_rows, score_rows
    from train.compute.out_of_memory import explain_out_of_memory

    with explain_out_of_memory("search evaluate"):
        evaluation = evaluate(Layout.of_project(), foreign)
    write_evaluation(Layout(), evaluation)
    if as_json:
        print(quoted_json(evaluation.as_dict()))
        return
    for header, *rows in filter(None, (score_rows(evaluation), novelty_rows(evaluation))):
        print(aligned(header, rows))
    for line in (*look_alike_lines(evaluation), *looks_lines(evaluation)):
        print(line)


def _opened_search() -> Search:
    """The project's search, without torch where the index has its network beside it."""
    from cad2real.layout import Layout
    from search.index import load_index
    from search.model.photo_network import NETWORK
    from search.query import Search

    layout = Layout.of_project()
    if not layout.index.is_dir() or (layout.index / NETWORK).is_file():
        return Search.open(Path())
    from search.model.torch_model import load_model  # an index of before, or a network that cannot be written as ONNX

    return Search.open(Path(), load_model(layout.models, load_index(layout.index).model_stage)[1])


def table(matches: list[Match]) -> str:
    """`matches` as lines for a terminal."""
    from search.places import in_words

    header: tuple[str, ...] = ("rank", "part", "label", "name", "distance")
    rows: list[tuple[str, ...]] = [(str(m.rank), m.part_id, m.label, m.name, f"{m.distance:.3f}") for m in matches]
    if any(match.size_fit is not None for match in matches):
        header = (*header, "size fits")
        fits = ["" if match.size_fit is None else f"{match.size_fit:.0%}" for match in matches]
        rows = [(*row, fit) for row, fit in zip(rows, fits, strict=True)]
    if any(match.read for match in matches):
        header = (*header, "read in the photo")
        rows = [(*row, match.read or "") for row, match in zip(rows, matches, strict=True)]
    rows = [(*row, in_words(match.places)) for row, match in zip(rows, matches, strict=True)]
    return _without_empty_end((*header, "position"), rows)


def _without_empty_end(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table, without its last column where that is empty."""
    if any(row[-1] for row in rows):
        return aligned(header, rows)
    return aligned(header[:-1], [row[:-1] for row in rows])


def aligned(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table for a terminal."""
    from cad2real.quoting import quoted

    rows = [tuple(map(quoted, row)) for row in rows]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in (header, *rows))  # fmt: skip


def tie_line(tie: Tie) -> str:
    """What to do about a tie, for a terminal."""
    from cad2real.layout import Layout
    from cad2real.quoting import quoted
    from search.additions import view_path

    (first, second), views = map(quoted, tie.part_ids), [quoted(str(view_path(Layout(), view))) for view in tie.views]
    return (
        f"{first} and {second} are nearly tied: photograph the side that tells them apart, as in {views[0]} or "
        f"{views[1]}, and ask with --same."
    )


def photos_with_boxes(photos: list[Path], boxes: list[str], reference: str | None) -> list[Shown]:
    """`photos` of one part with the boxes of `--box`, in their order, and the first with the known length of
    `--reference`. Raises UserError for too many of either, and for what is no box or length.
    """
    from itertools import zip_longest

    from cad2real.errors import UserError
    from search.query import MOST_OF_ONE_PART
    from search.seeing.sizes import reference_of
    from search.seeing.things import Shown

    if len(photos) > MOST_OF_ONE_PART:
        raise UserError(f"{len(photos)} photos of one part are too many.", f"Give at most {MOST_OF_ONE_PART}.")
    if len(boxes) > len(photos):
        raise UserError(f"{len(boxes)} boxes are given for {len(photos)} photo(s).", "Give one --box for each photo.")
    known = [box_of(box) for box in boxes]
    shown = [Shown(path, box) for path, box in zip_longest(photos, known)]
    return [replace(shown[0], reference=reference_of(reference) if reference is not None else None), *shown[1:]]


def box_of(text: str) -> Box:
    """A box of `--box`. Raises UserError for what is none."""
    from cad2real.errors import UserError
    from photos.crop import Box

    try:
        x_min, y_min, x_max, y_max = (float(value) for value in text.split(","))
    except ValueError:
        raise UserError(f"--box {text} is not four numbers.", "Write --box x0,y0,x1,y1 in pixels.") from None
    return Box(x_min, y_min, x_max, y_max)
