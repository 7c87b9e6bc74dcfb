"""`cad2real index`: the stage, and changes of an index without training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from photos.crop import Box
    from search.index import Index

index_app = typer.Typer()


def register(app: typer.Typer) -> None:
    """Adds these commands to `app`."""
    index_app.callback(invoke_without_command=True)(index)
    index_app.command()(add)
    index_app.command()(remove)
    app.add_typer(index_app, name="index")


def index(context: typer.Context) -> None:
    """Embeds all renders with the adapted model, so that photos can be searched (data/index).

    Where photos have labels it also says how often the first part, or one of the first five, is right.

    Example: cad2real index
    """
    from cad2real.layout import Layout
    from search.stage import build_index
    from train.compute.out_of_memory import explain_out_of_memory

    if context.invoked_subcommand is not None:
        return
    with explain_out_of_memory("index"):
        built, scores = build_index(Layout.of_project())
    print(f"{len(built.views)} views of {len(built.parts)} parts indexed with the model `{built.model_stage}`")
    if scores.top1 is not None and scores.top5 is not None:
        print(f"right part first: {scores.top1:.1%}, in the first five: {scores.top5:.1%} of {scores.photos} photos")


def add(  # more than seven parameters: typer makes an option of each
    part: Annotated[
        str,
        typer.Argument(help="A CAD file; the id of a part that was removed; with --photo the id of a part."),
    ],
    part_id: Annotated[str, typer.Option("--part-id", help="Default: the name of the file.")] = "",
    label: Annotated[str, typer.Option(help="Default: the part id.")] = "",
    name: Annotated[str, typer.Option(help="As people call it.")] = "",
    units: Annotated[str, typer.Option(help="mm, cm, m or in, of CAD files that do not say theirs.")] = "",
    material: Annotated[str, typer.Option(help="As in a part list: steel.")] = "",
    surface: Annotated[str, typer.Option(help="As in a part list: brushed.")] = "",
    color: Annotated[str, typer.Option(help="As in a part list: black.")] = "",
    machine: Annotated[str, typer.Option(help="The machine that it is built into.")] = "",
    assembly: Annotated[str, typer.Option(help="The assembly that it is built into.")] = "",
    position: Annotated[str, typer.Option(help="Its position in the part list.")] = "",
    photo: Annotated[
        Path | None, typer.Option(help="A photo that becomes a further view of the part.", show_default=False)
    ] = None,
    box: Annotated[
        str | None, typer.Option(metavar="X0,Y0,X1,Y1", help="Where the part is in it, in pixels of the upright photo.")
    ] = None,
) -> None:
    """Puts a part into the index without training: it is rendered and embedded. A running server takes it at once.

    Example: cad2real index add new.step --material steel --surface brushed
    """
    from cad2real.errors import UserError
    from cad2real.layout import Layout
    from search.changing import NewPart, add_part, add_photo, bring_back

    layout, cad = Layout.of_project(), Path(part)
    said = {"part-id": part_id, "label": label, "name": name, "units": units, "material": material,
            "surface": surface, "color": color, "machine": machine, "assembly": assembly,
            "position": position}  # fmt: skip
    given = [option for option, value in said.items() if value]
    if photo is not None:
        if given:
            raise UserError(f"--photo adds a view to a part that is there: --{given[0]} says nothing.", "Leave it out.")
        made = add_photo(layout, part, photo, _box(box))
    elif box is not None:
        raise UserError("--box says where the part is in a photo.", "Give --photo too.")
    elif cad.suffix or cad.exists():
        made = add_part(layout, NewPart(cad, *said.values()))
    else:
        made = bring_back(layout, part)
    _say(made)


def remove(part: Annotated[str, typer.Argument(help="The id of a part.")]) -> None:
    """Takes a part out of the index: for good if it was added by hand, else until `cad2real index add PART`.

    Example: cad2real index remove washer_m10
    """
    from cad2real.layout import Layout
    from search.changing import remove_part

    _say(remove_part(Layout.of_project(), part))


def _say(made: Index) -> None:
    print(f"{len(made.views)} views of {len(made.parts)} parts are in the index: data/index")


def _box(text: str | None) -> Box | None:
    from search.cli import box_of

    return box_of(text) if text else None
