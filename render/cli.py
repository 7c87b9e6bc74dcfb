"""The commands of the render room."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cad2real.errors import Skipped
    from cad2real.layout import Layout
    from cad2real.params import Params
    from render.parts.catalogue import Catalogue, Part
    from render.stage import Outcome


export_app = typer.Typer()
"""`cad2real export`: of renders by itself; other rooms have sub-commands for what is theirs."""

MATERIALS, RENDERS = Path("data/reports/materials.png"), Path("data/renders")


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
    app.command()(catalogue)
    app.command()(render)
    app.command()(materials)
    app.command()(scenes)
    export_app.callback(invoke_without_command=True)(export)
    app.add_typer(export_app, name="export")


def catalogue(
    parts: Annotated[Path | None, typer.Option(help="Part list; default: catalogue.parts of params.yaml.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only say how the part list is read: sheets, columns and rows, and why.")
    ] = False,
    json: Annotated[
        Path | None, typer.Option(help="Only write how the part list is read into this JSON file.", metavar="FILE")
    ] = None,
    init: Annotated[
        bool,
        typer.Option("--init", help="Only write what the columns were found to be into params.yaml, to be edited."),
    ] = False,
) -> None:
    """Checks the part list and its CAD files and writes data/catalogue.json.

    Example: cad2real catalogue --parts data/parts/parts.csv
    """
    from cad2real.errors import UserError
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from render.list_report import report_list
    from render.parts.catalogue import make_catalogue, write_catalogue
    from render.parts.company_list import choices_of

    layout = Layout() if parts else Layout.of_project(instead="name a part list: --parts FILE")
    params = load_params(layout.params).catalogue
    own = layout.root / params.parts
    listed = parts or own
    choices = choices_of(params, other=listed.absolute() != own.absolute())
    if explain or json is not None or init:
        report_list(listed, choices, explain=explain, json=json, params=layout.params if init else None)
        return
    memory = layout.cache / "catalogue.json"
    made = make_catalogue(listed, layout.root, params.units, memory, choices)
    write_catalogue(layout.catalogue, made)
    _print_catalogue(made)
    if not made.parts:
        raise UserError("No part of the part list can be used.", "The reasons stand above.")


def render(  # 13 parameters: typer makes one option of each
    parts: Annotated[Path | None, typer.Option(help="Render this part list outside the project's stages.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for --parts: DIR/<part_id>/view_000.png and part.json.")
    ] = None,
    views: Annotated[int | None, typer.Option(min=1, help="Views a part.")] = None,
    size: Annotated[int | None, typer.Option(min=16, max=4096, help="Side of a picture in pixels.")] = None,
    quality: Annotated[str | None, typer.Option(help="draft, standard, high or synthnet.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Renderer processes; default: one a core.")] = None,
    sampler: Annotated[
        str | None, typer.Option(help="A view sampler, or a mixture: resting=0.75,sphere_equidistant=0.25")
    ] = None,
    framing: Annotated[str | None, typer.Option(help="fit, or real_scale: one camera distance for all parts.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Other seeds give other views.")] = None,
    outputs: Annotated[
        str | None, typer.Option(help="Passes beside the pictures: depth, normals, mask, bodies (comma between).")
    ] = None,
    background: Annotated[
        str | None, typer.Option(help="Baked in behind the part: color, environment, folder or ground; else its alpha.")
    ] = None,
    preview: Annotated[Path | None, typer.Option(help="Also write a contact sheet (PNG) of all parts here.")] = None,
    as_project: Annotated[
        bool, typer.Option("--as-project", help="With framing real_scale, from the distance of the project's parts.")
    ] = False,
) -> None:
    """Renders the catalogue into data/renders, or any part list into a folder.

    Example: cad2real render --parts parts.csv --out renders --views 32 --size 512 --quality standard
    """
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from render.contact_sheet import write_contact_sheet
    from render.farm.ray_cluster import Cluster
    from render.parts.catalogue import read_catalogue
    from render.stage import FarmOptions, render_parts
    from render.views.settings import change_params, make_settings

    given: dict[str, object] = {
        "views": views,
        "size": size,
        "quality": quality,
        "sampler": sampler,
        "framing": framing,
        "seed": seed,
        "background": background,
        "outputs": tuple(outputs.split(",")) if outputs else None,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    layout = Layout() if parts else Layout.of_project(instead="name a part list: --parts FILE --out DIR")
    params = load_params(layout.params)
    listed, out, logs = _what_to_render(parts, out, layout, params, changes)
    chosen = change_params(params.render, changes)
    together = list(read_catalogue(layout.catalogue).parts) if as_project and layout.catalogue.exists() else listed
    settings = make_settings(chosen, together, layout.root)
    cluster = Cluster(chosen.ray_address) if chosen.farm == "ray" else None
    farm = FarmOptions(logs, workers or chosen.workers, chosen.device, cluster)
    _print_outcome(render_parts(listed, layout.root, settings, out, farm), out)
    if preview is not None:
        write_contact_sheet(out, preview)
        print(f"contact sheet: {preview}")


def _what_to_render(
    parts: Path | None, out: Path | None, layout: Layout, params: Params, changes: dict[str, object]
) -> tuple[list[Part], Path, Path]:
    """The parts, the folder for their renders and the one for logs: of the part list `parts`, or of the project's
    catalogue, which has no changes but those in params.yaml.
    """
    from cad2real.errors import UserError
    from render.parts.catalogue import make_catalogue, read_catalogue
    from render.parts.company_list import choices_of

    if (parts is None) != (out is None):
        raise UserError(
            "--parts and --out belong together.", "Give both, or neither to render the project's catalogue."
        )
    if parts is not None and out is not None:
        catalogue = params.catalogue
        listed = make_catalogue(parts, layout.root, catalogue.units, choices=choices_of(catalogue, other=True))
        logs = out / "logs"
        _print_catalogue(listed)
    elif changes:
        raise UserError(
            f"--{next(iter(changes))} works together with --parts and --out only.",
            "For the project's renders set it in the render block of params.yaml.",
        )
    else:
        listed, out, logs = read_catalogue(layout.catalogue), layout.renders, layout.logs
    if not listed.parts:
        raise UserError("There is no part to render.", "The reasons stand above.")
    return list(listed.parts), out, logs


def materials(
    out: Annotated[Path, typer.Option(help="The picture (PNG) to write.")] = MATERIALS,
    size: Annotated[int, typer.Option(min=64, max=1024, help="Side of one sample in pixels.")] = 192,
    quality: Annotated[str, typer.Option(help="draft, standard or high.")] = "standard",
) -> None:
    """Renders every material of the vocabulary as one labelled picture.

    Example: cad2real materials --out materials.png
    """
    from cad2real.layout import Layout
    from render.material_sheet import write_material_sheet

    layout = Layout.of_project(instead="name the picture: --out FILE") if out == MATERIALS else Layout()
    write_material_sheet(out, size, quality, layout.logs if layout.is_project else None)
    print(f"materials: {out}")


def export(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; must not exist or be empty.", show_default=False)
    ] = None,
    format_name: Annotated[str, typer.Option("--format", help="imagefolder, coco, webdataset or bop.")] = "imagefolder",
    renders: Annotated[Path, typer.Option(help="A folder of renders.")] = RENDERS,
) -> None:
    """Writes renders in the format of another tool.

    Example: cad2real export --format coco --out exported
    """
    from cad2real.errors import UserError
    from cad2real.layout import Layout
    from render.export import export as write

    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise UserError("cad2real export needs a folder to write.", "Write --out DIR.")
    if renders == RENDERS:
        Layout.of_project(instead="name a folder of renders: --renders DIR")
    print(f"{write(renders, format_name, out)} view(s) written as {format_name}: {out}")


def scenes(  # more than seven parameters: typer makes one option of each
    parts: Annotated[Path, typer.Option(help="Part list; CAD paths in it are relative to it.")],
    out: Annotated[Path, typer.Option(help="Folder to write: scenes/, models/ and the exports.")],
    views: Annotated[int, typer.Option(min=1, max=1_000_000, help="Scenes, one picture each.")] = 200,
    layout: Annotated[str, typer.Option(help="scattered, heap (they are dropped), or mixed: half and half.")] = "mixed",
    most: Annotated[int, typer.Option(min=1, max=200, help="Parts in a scene at most.")] = 20,
    size: Annotated[str, typer.Option(help="Of a picture in pixels: 256, or 640x480.")] = "256",
    quality: Annotated[str, typer.Option(help="draft, standard or high.")] = "draft",
    formats: Annotated[str, typer.Option(help="What is exported (comma between).")] = "coco,yolo,bop",
    seed: Annotated[int, typer.Option(min=0, help="Other seeds give other scenes.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Renderer processes; default: one a core.")] = None,
) -> None:
    """Renders scenes of many parts with boxes, masks, depth and poses, for detectors that are trained elsewhere.

    Example: cad2real scenes --parts parts.csv --views 200 --out scenes
    """
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from render.parts.catalogue import make_catalogue
    from render.parts.company_list import choices_of
    from render.scene_stage import SceneRun, check_folder, checked_formats, export_scenes, render_scenes
    from render.scenes.settings import check_settings, scene_settings

    layout_files = Layout()
    params = load_params(layout_files.params)
    wanted = checked_formats(formats)
    check_settings(layout, size, quality)
    check_folder(out)
    listed = make_catalogue(
        parts, layout_files.root, params.catalogue.units, choices=choices_of(params.catalogue, other=True)
    )
    _print_catalogue(listed)
    settings = scene_settings(listed.parts, layout, most, size, quality, seed)
    run = SceneRun(listed.parts, layout_files.root, settings, views, out / "logs", workers or "auto")
    done = render_scenes(run, out)
    _print_skipped("failed", done.failed)
    print(f"{done.rendered} scene(s) rendered, {done.reused} already there, {len(done.failed)} failed: {out}")
    export_scenes(done.scenes, out, wanted)
    print(f"exported as {', '.join(wanted)}: {done.parts} parts; {done.left_out} found no room or did not come to rest")


def _print_catalogue(made: Catalogue) -> None:
    print(f"{len(made.parts)} part(s) can be rendered, {len(made.skipped)} skipped.")
    _print_skipped("skipped", made.skipped)
    _print_skipped("note", made.notes)


def _print_outcome(outcome: Outcome, out: Path) -> None:
    rendered, reused, failed = len(outcome.rendered), len(outcome.reused), len(outcome.failed)
    on = f" (on {', '.join(outcome.devices)})" if outcome.devices else ""
    print(f"{rendered} part(s) rendered, {reused} already there, {failed} failed: {out}" + on)
    _print_skipped("failed", outcome.failed)


def _print_skipped(word: str, items: tuple[Skipped, ...]) -> None:
    for item in items:
        print(f"{word}: {item}", file=sys.stderr)
