"""The typed schema of the `train` block of params.yaml: what all training stages share, and one sub-block a stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, model_validator

from cad2real.schema import Block

MethodName = Literal[
    "dann", "adda", "cdan", "cdan_e", "advent", "mdd", "mcd",
    "dan", "jan", "coral", "afn", "bsp",
    "mcc", "entropy", "bnm", "information_maximisation", "prior_information",
    "self_training", "size_training", "fixmatch", "mic",
    "drcn", "fda", "sdat",
]  # fmt: skip
ScoreName = Literal[
    "source_accuracy", "information_maximisation", "bnm", "snd", "class_ami", "dev", "mano", "transfer_score"
]


def _ascending(scale: tuple[float, float]) -> tuple[float, float]:
    if scale[0] > scale[1]:
        raise ValueError("the first number must not be above the second")
    return scale


Scale = Annotated[tuple[PositiveFloat, PositiveFloat], AfterValidator(_ascending)]


class AugmentParams(Block):
    """Random changes of a training image; each is drawn anew for each image and step.

    `scale` is the range of sizes relative to the image as it is (above 1 zooms in), `rotation_deg` the largest turn in
    the picture's plane, `stretch` the largest ratio between the stretches of width and height, `shift` the largest move
    as a share of the side. The others are strengths (0 = off, 1 = strong) or, where they end in `_p`, the share of
    images that get the change.
    """

    scale: Scale = (0.8, 1.1)
    rotation_deg: float = Field(180.0, ge=0, le=180)
    stretch: float = Field(1.5, ge=1, le=3)
    shift: float = Field(0.08, ge=0, le=0.5)
    perspective: float = Field(0.05, ge=0, le=0.5)
    jitter: float = Field(0.4, ge=0, le=1)
    grey_p: float = Field(0.1, ge=0, le=1)
    recolour_p: float = Field(0.25, ge=0, le=1)
    blur_p: float = Field(0.15, ge=0, le=1)
    low_resolution_p: float = Field(0.3, ge=0, le=1)
    noise: float = Field(0.2, ge=0, le=1)
    highlights_p: float = Field(0.3, ge=0, le=1)
    shadow_p: float = Field(0.5, ge=0, le=1)
    erase_p: float = Field(0.1, ge=0, le=1)
    flip_p: float = Field(0.0, ge=0, le=1)
    jpeg_p: float = Field(0.0, ge=0, le=1)
    augmix_p: float = Field(0.0, ge=0, le=1)


class TargetAugmentParams(Block):
    """Random changes of an unlabelled photo; the strong view of self-training adds `jitter`, blur and erasing."""

    scale: Scale = (0.9, 1.1)
    rotation_deg: float = Field(180.0, ge=0, le=180)
    shift: float = Field(0.04, ge=0, le=0.5)
    jitter: float = Field(0.3, ge=0, le=1)
    flip_p: float = Field(0.0, ge=0, le=1)


class BackgroundParams(Block):
    """What stands behind a render's alpha: shares of colours, gradients with noise, crops of unlabelled photos, and
    pieces of the `photos` in `folder`, a path relative to the project; without a folder their share counts nothing.
    """

    colour: float = Field(1.0, ge=0)
    gradient: float = Field(1.0, ge=0)
    target: float = Field(2.0, ge=0)
    photos: float = Field(2.0, ge=0)
    folder: str | None = None

    @model_validator(mode="after")
    def _something_is_drawn(self) -> BackgroundParams:
        if self.colour + self.gradient + self.target + (self.photos if self.folder else 0) <= 0:
            raise ValueError("at least one share must be above 0")
        return self


class ProbeParams(Block):
    """Stage 1a: the head alone on frozen features of labelled renders. `inverse_regularisation` is for the heads of
    scikit-learn; see `train.probe_heads`.
    """

    head: Literal["logistic_regression", "linear", "svm"] = "logistic_regression"
    draws: int = Field(4, ge=1, le=100)
    inverse_regularisation: float = Field(0.01, gt=0)


class FinetuneParams(Block):
    """Stage 1b, for comparison: all layers, labelled renders only.

    `start`: from 1a's head, or from a head of zeros. `layer_decay` multiplies the backbone's learning rate once for
    each block from the output on.
    """

    start: Literal["probe", "scratch"] = "probe"
    backbone_learning_rate: float = Field(2e-4, gt=0)
    head_learning_rate: float = Field(2e-3, gt=0)
    layer_decay: float = Field(0.8, gt=0, le=1)
    weight_decay: float = Field(0.01, ge=0)
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    frozen_blocks: int = Field(0, ge=0, le=1000)
    teacher_momentum: float = Field(0.98, ge=0, lt=1)


class AdaptParams(Block):
    """Stage 2: all layers, labelled renders and unlabelled photos.

    `methods` are the adaptation losses and their full weights. They ramp up over the run; `source_only_share` of the
    steps comes before them. The first `frozen_blocks` of the backbone's blocks keep their pretrained weights: they see
    edges and textures, are the same for renders and photos, and cost half of a step. `target_statistics`: whether the
    photos' features are standardised by their own statistics, by the source's, or both domains by those of their joint
    batches; auto: by the source's where the probe knows the held-out renders well, else by their own. `layer_decay`:
    see FinetuneParams. `label_shift`: whether the mix of classes among the photos is estimated and the renders' losses
    weighed by it, see `train.label_shift`.
    """

    methods: dict[MethodName, NonNegativeFloat] = Field({"cdan": 0.1, "prior_information": 1.0, "size_training": 1.0})
    backbone_learning_rate: float = Field(2e-4, gt=0)
    head_learning_rate: float = Field(2e-3, gt=0)
    layer_decay: float = Field(1.0, gt=0, le=1)
    weight_decay: float = Field(0.01, ge=0)
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    target_statistics: Literal["auto", "source", "own", "joint"] = "auto"
    label_shift: Literal["none", "bbse"] = "none"
    frozen_blocks: int = Field(3, ge=0, le=1000)
    source_only_share: float = Field(0.4, ge=0, lt=1)
    mcc_temperature: float = Field(2.5, gt=0)
    teacher_momentum: float = Field(0.98, ge=0, lt=1)
    confidence: float = Field(0.8, ge=0, le=1)
    score: ScoreName = "information_maximisation"
    source_accuracy_gate: float = Field(0.05, ge=0, le=1)
    fall_back: bool = True


class TrainParams(Block):
    """What all training stages share, and one sub-block a stage.

    `unknown_share`: the share of held-out renders that count as unsure enough to be unknown, and photos with them, see
    `train.open_set`; 0 rejects nothing. `precision` of the backbone in `adapt` and `finetune`. `gradient_accumulation`:
    pieces in which a batch goes through the backbone, see `train.runner`. `torch_compile`: see `train.compilation`.
    """

    backbone: str = "tf_efficientnet_lite0"
    weights: str = "embedded"
    image_size: int = Field(128, ge=32, le=1024)
    batch_size: int = Field(32, ge=2, le=4096)
    gradient_accumulation: int = Field(1, ge=1, le=1024)
    precision: Literal["float32", "bf16"] = "float32"
    torch_compile: bool = False
    epochs: int = Field(10, ge=1, le=10_000)
    steps_per_epoch: int = Field(40, ge=1, le=100_000)
    seed: int = Field(0, ge=0)
    rotations: Literal[1, 2, 4] = 4
    size_prior: bool = True
    held_out_share: float = Field(0.15, gt=0, lt=0.5)
    unknown_share: float = Field(0.0, ge=0, lt=1)
    tensorboard: bool = False
    source_augment: AugmentParams = AugmentParams()
    target_augment: TargetAugmentParams = TargetAugmentParams()
    background: BackgroundParams = BackgroundParams()
    probe: ProbeParams = ProbeParams()
    finetune: FinetuneParams = FinetuneParams()
    adapt: AdaptParams = AdaptParams()
