"""The commands of segmentation: the class of every pixel. No stages: nothing of a run reads masks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cad2real.errors import Skipped
    from train.segment.evaluation import Evaluation

segment_app = typer.Typer(help="Segment: the class of every pixel of a photo: `train`, `predict`, `evaluate`")

Model = Annotated[
    Path | None, typer.Option(help="Folder of a segmentation (default: data/models/segment).", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
    app.add_typer(segment_app, name="segment", no_args_is_help=True)


@segment_app.command("train")
def train() -> None:
    """Trains on renders pasted onto surfaces, then adapts to the project's photos, whose labels are not read. Killed,
    it goes on where it was.

    Example: cad2real segment train
    """
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from train.compute.distributed import refuse_torchrun
    from train.compute.out_of_memory import explain_out_of_memory
    from train.stages import segment as stage

    refuse_torchrun("cad2real segment train")
    layout = Layout.of_project()
    params = load_params(layout.params)
    with explain_out_of_memory("segment train"):
        description = stage.run(layout, params.train, params.segment, params.photos)
    iou = description["scores"]["source_iou"]
    said = f"mean IoU {iou:.3f}" if iou is not None else "no part seen"
    print(f"segment: {len(description['classes']) - 1} classes; on held-out pictures made of renders {said}")
    if description["adapted"]:
        print(f"segment: adapted to {description['target_images']} photos ({', '.join(_methods(description))})")
    else:
        print(f"segment: from renders alone: {_why_not_adapted(description)}")


def _methods(description: dict) -> list[str]:  # type: ignore[type-arg]
    return sorted(description["parameters"]["segment"]["methods"])


def _why_not_adapted(description: dict) -> str:  # type: ignore[type-arg]
    if not _methods(description):
        return "segment.methods names none."
    if "adapted" not in description["choice"]:
        return "there are too few photos to adapt to."
    return "adapted, it did not clearly agree more with itself on the photos, or had forgotten the renders."


@segment_app.command("predict")
def predict(
    photos: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder to write; one of before is replaced.")],
    model: Model = None,
) -> None:
    """Writes a mask of each photo: masks/*.png, one byte a pixel with a palette, and all of them as COCO (masks.json).
    Bad photos are listed; with any, the exit code is 1.

    Example: cad2real segment predict data/photos --out masks
    """
    from cad2real.quoting import quoted
    from train.compute.out_of_memory import explain_out_of_memory
    from train.segment.masks import write_masks

    with explain_out_of_memory("segment predict"):
        written = write_masks(_segmenter(model), photos, out)
    shares = ", ".join(f"{quoted(name)} {share:.1%}" for name, share in written.shares.items())
    print(f"{written.photos} masks in {out}" + (f" (of their pixels: {shares})" if shares else ""))
    _list(written.skipped)


@segment_app.command("evaluate")
def evaluate(
    masks: Annotated[
        Path | None,
        typer.Option(help="COCO file of masks of the project's photos; left out: their boxes.", show_default=False),
    ] = None,
    model: Model = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file as well.")] = None,
) -> None:
    """Scores the masks of the project's photos: IoU by class against --masks, else how far they agree with the given
    boxes.

    Example: cad2real segment evaluate --masks data/photo_masks.json
    """
    from cad2real.errors import UserError
    from cad2real.files import write_json
    from cad2real.layout import Layout
    from cad2real.params import load_params
    from photos.boxes import box_source
    from train.compute.out_of_memory import explain_out_of_memory
    from train.segment.coco import read_masks
    from train.segment.evaluation import against_boxes, against_masks

    layout = Layout.of_project()
    params = load_params(layout.params).photos
    folder = layout.root / params.folder
    if not folder.is_dir():
        raise UserError(f"{folder} does not exist.", "Put the photos there, or correct photos.folder in params.yaml.")
    given = read_masks(masks) if masks else None
    boxes = None if masks else box_source(layout.root, params)
    if given is None and boxes is None:
        raise UserError("the photos have no boxes.", "Give masks of them: --masks FILE (COCO).")
    with explain_out_of_memory("segment evaluate"):
        segmenter = _segmenter(model)
        if given is not None:
            result = against_masks(segmenter, folder, given)
        else:
            result = against_boxes(segmenter, folder, boxes, params.boxes_on)  # type: ignore[arg-type] # one of both
    if as_json is not None:
        skipped = [fault.as_dict() for fault in result.skipped]
        write_json(as_json, {"photos": result.photos, **result.figures, "skipped": skipped})
    _show(result)
    _list(result.skipped)


def _segmenter(model: Path | None):  # type: ignore[no-untyped-def] # torch is imported when a command runs
    from cad2real.layout import Layout
    from train.segment.model import Segmenter

    return Segmenter.load(model or Layout.of_project(instead="name a model: --model DIR").models / "segment")


def _show(result: Evaluation) -> None:
    from cad2real.quoting import quoted

    figures = result.figures
    for name, value in figures.get("iou", {}).items():
        print(f"{quoted(name):28} IoU {_figure(value)}")
    if "iou" in figures:
        print(f"{'mean':28} IoU {_figure(figures['mean_iou'])}; of parts {_figure(figures['mean_iou_of_parts'])}")
        print(f"{result.photos} photos against their masks")
    else:
        print(f"{figures['boxes']} boxes of {result.photos} photos, mean over classes:")
        print(f"IoU of box and mask {_figure(figures['mean_box_iou'])}, named right {_figure(figures['named_right'])}")
    for note in result.notes:
        print(quoted(note), file=sys.stderr)


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _list(skipped: Sequence[Skipped]) -> None:
    """Lists what was skipped; with any, the command ends with exit code 1."""
    if skipped:
        print(f"{len(skipped)} skipped:", file=sys.stderr)
        for fault in skipped:
            print(f"  {fault}", file=sys.stderr)
        raise typer.Exit(1)
