"""The typed schema of random changes: `train.source_augment`, `train.target_augment` and `train.background`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, PositiveFloat, model_validator

from cad2real.schema import Block, unit


def _ascending(scale: tuple[float, float]) -> tuple[float, float]:
    if scale[0] > scale[1]:
        raise ValueError("the first number must not be above the second")
    return scale


Scale = Annotated[tuple[PositiveFloat, PositiveFloat], AfterValidator(_ascending)]


class AugmentParams(Block):
    """Random changes of a training render, drawn anew for each image and step.

    Strengths go from 0 (off) to 1 (strong). What ends in `_p` is the share of images that get the change.
    """

    scale: Scale = (0.8, 1.1)
    """Range of sizes relative to the picture as it is; above 1 zooms in.

    Narrow it where all photos show parts at one true scale.
    """
    rotation_deg: float = Field(180.0, ge=0, le=180, json_schema_extra=unit("degrees"))
    """Largest turn in the picture's plane, either way."""
    stretch: float = Field(1.5, ge=1, le=3)
    """Largest ratio between the stretches of width and height; 1: none."""
    shift: float = Field(0.08, ge=0, le=0.5)
    """Largest move, as a share of the side."""
    perspective: float = Field(0.05, ge=0, le=0.5)
    """Strength of tilts that make one side look nearer."""
    close_up_p: float = Field(0.3, ge=0, le=1)
    """Share of images that show a piece of the part, as photos do in which it is larger than the picture."""
    jitter: float = Field(0.4, ge=0, le=1)
    """Strength of changes of brightness, contrast, saturation, white balance and gamma."""
    grey_p: float = Field(0.1, ge=0, le=1)
    """Share of images that lose their colour."""
    recolour_p: float = Field(0.25, ge=0, le=1)
    """Share of images whose part gets another tint.

    Raise it where parts come in colours that the part list does not say; lower it where colour tells parts apart.
    """
    blur_p: float = Field(0.15, ge=0, le=1)
    """Share of images that are a little out of focus."""
    low_resolution_p: float = Field(0.3, ge=0, le=1)
    """Share of images that are shrunk and enlarged again, as a small part in a large photo is."""
    noise: float = Field(0.2, ge=0, le=1)
    """Strength of sensor noise."""
    highlights_p: float = Field(0.3, ge=0, le=1)
    """Share of images with glare on the part, as of a flash or a window."""
    shadow_p: float = Field(0.5, ge=0, le=1)
    """Share of images with a soft shadow behind the part."""
    erase_p: float = Field(0.1, ge=0, le=1)
    """Share of images that lose a rectangle to a plain colour."""
    flip_p: float = Field(0.0, ge=0, le=1)
    """Share of images that are mirrored; for parts without a left and a right hand."""
    jpeg_p: float = Field(0.0, ge=0, le=1)
    """Share of images that are stored as JPEG at a quality of 20 to 80."""
    augmix_p: float = Field(0.0, ge=0, le=1)
    """Share of renders that get AugMix: a blend of chains of simple changes.

    Photos never get it.
    """


class TargetAugmentParams(Block):
    """Random changes of an unlabelled photo.

    This is the weak view, which the teacher labels. The strong view, which the student sees, has half of
    source_augment.jitter and its grey, blur, low resolution, noise, JPEG and erasing on top.
    """

    scale: Scale = (0.9, 1.1)
    """Range of sizes relative to the picture as it is; above 1 zooms in."""
    rotation_deg: float = Field(180.0, ge=0, le=180, json_schema_extra=unit("degrees"))
    """Largest turn in the picture's plane, either way."""
    shift: float = Field(0.04, ge=0, le=0.5)
    """Largest move, as a share of the side."""
    jitter: float = Field(0.3, ge=0, le=1)
    """Strength of changes of brightness, contrast, saturation, white balance and gamma."""
    flip_p: float = Field(0.0, ge=0, le=1)
    """Share of photos that are mirrored; for parts without a left and a right hand."""


class BackgroundParams(Block):
    """What stands behind a render, by relative shares.

    At least one share has to be above 0; that of `photos` counts nothing without a folder.
    """

    colour: float = Field(1.0, ge=0)
    """Share of plain colours."""
    gradient: float = Field(1.0, ge=0)
    """Share of gradients with noise."""
    target: float = Field(2.0, ge=0)
    """Share of enlarged corners of the unlabelled photos.

    They show what parts lie on, mostly without the part.
    """
    photos: float = Field(2.0, ge=0)
    """Share of pieces of the photos in `folder`."""
    folder: str | None = None
    """Folder of photos of places where parts lie, without parts; null: none.

    Relative to the project. DVC does not watch it: after a change there, `cad2real run --force`.
    """

    @model_validator(mode="after")
    def _something_is_drawn(self) -> BackgroundParams:
        if self.colour + self.gradient + self.target + (self.photos if self.folder else 0) <= 0:
            raise ValueError("at least one share must be above 0")
        return self
