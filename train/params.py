"""The typed schema of the `train` block of params.yaml: what all training stages share, and one sub-block a stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, NonNegativeFloat, PositiveFloat

from cad2real.schema import Block, unit, values
from train import meanings
from train.augment_params import AugmentParams, BackgroundParams, TargetAugmentParams

MethodName = Literal[
    "dann", "adda", "cdan", "cdan_e", "advent", "mdd", "mcd",
    "dan", "jan", "coral", "afn", "bsp",
    "mcc", "entropy", "bnm", "information_maximisation", "prior_information",
    "self_training", "size_training", "fixmatch", "mic",
    "tvt", "cdtrans", "drcn", "fda", "sdat",
]  # fmt: skip
RecipeName = Literal["auto", "cnn", "convnext", "vit", "swin", "dino", "clip"]
ScoreName = Literal[
    "source_accuracy", "information_maximisation", "bnm", "snd", "class_ami", "dev", "mano", "transfer_score"
]


AUTO = "auto"


def _or_auto(schema: dict[str, JsonValue]) -> None:
    """Lets params.yaml say `auto`, which is as good as leaving the parameter out (`without_auto`)."""
    of_numbers = ("type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    number: dict[str, JsonValue] = {name: schema.pop(name) for name in of_numbers if name in schema}
    schema |= {"anyOf": [number, {"const": AUTO, "type": "string"}], "default": AUTO}


def _blocks_or_auto(schema: dict[str, JsonValue]) -> None:
    _or_auto(schema)
    schema |= unit("blocks")


def _pixels_or_auto(schema: dict[str, JsonValue]) -> None:
    _or_auto(schema)
    schema |= unit("px")


class ProbeParams(Block):
    """Stage 1a: the head alone, on frozen features of labelled renders."""

    head: Literal["logistic_regression", "linear", "svm"] = Field(
        "logistic_regression", json_schema_extra=values(meanings.HEADS)
    )
    """Which linear head is fitted; features are kept, so that another one takes seconds."""
    draws: int = Field(4, ge=1, le=100, json_schema_extra=unit("times"))
    """How often the backbone sees each render, each time changed at random."""
    inverse_regularisation: float = Field(0.01, gt=0)
    """Inverse strength of L2 regularisation (scikit-learn's C): smaller is simpler.

    Of logistic_regression and svm.
    """


class FinetuneParams(Block):
    """Stage 1b, for comparison and no part of a run: all layers, labelled renders only."""

    start: Literal["probe", "scratch"] = Field("probe", json_schema_extra=values(meanings.STARTS))
    """Which head training starts from."""
    backbone_learning_rate: float = Field(2e-4, gt=0, json_schema_extra=_or_auto)
    """Learning rate of the backbone (AdamW, cosine)."""
    head_learning_rate: float = Field(2e-3, gt=0, json_schema_extra=_or_auto)
    """Learning rate of the head."""
    layer_decay: float = Field(0.8, gt=0, le=1, json_schema_extra=_or_auto)
    """Learning rate of each block of the backbone as a share of the next one's; 1: all alike."""
    weight_decay: float = Field(0.01, ge=0, json_schema_extra=_or_auto)
    """Weight decay of AdamW."""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    """How much of each label is spread over all classes, against overconfidence."""
    frozen_blocks: int = Field(0, ge=0, le=1000, json_schema_extra=_blocks_or_auto)
    """How many of the backbone's first blocks keep their pretrained weights."""
    teacher_momentum: float = Field(0.98, ge=0, lt=1)
    """How slowly the averaged network, which is kept, follows each step; 0: no average."""
    most_steps: int = Field(1200, ge=1, le=100_000_000, json_schema_extra=unit("steps"))
    """Ceiling of a run whose `epochs` are auto."""
    most_minutes: PositiveFloat | None = Field(None, json_schema_extra=unit("minutes"))
    """Ceiling where `epochs` are auto, null: none; weights then depend on the machine."""


class AdaptParams(Block):
    """Stage 2: all layers, labelled renders and unlabelled photos."""

    methods: dict[MethodName, NonNegativeFloat] = Field(
        {"cdan": 0.1, "prior_information": 1.0, "size_training": 1.0}, json_schema_extra=values(meanings.METHODS)
    )
    """Adaptation losses and their full weights; {}: none, training on renders alone.

    Weights ramp up over the run. For `sdat` and `fda`, which have no loss, the number is their strength. Sources and
    equations are in docs/reference/methods.md.
    """
    backbone_learning_rate: float = Field(2e-4, gt=0, json_schema_extra=_or_auto)
    """Learning rate of the backbone (AdamW, cosine).

    With the recipe cnn it shrinks by itself where the probe already knows the held-out renders (`pace` in model.json).
    """
    head_learning_rate: float = Field(2e-3, gt=0, json_schema_extra=_or_auto)
    """Learning rate of the head and of the methods' own networks."""
    layer_decay: float = Field(1.0, gt=0, le=1, json_schema_extra=_or_auto)
    """Learning rate of each block of the backbone as a share of the next one's; 1: all alike."""
    weight_decay: float = Field(0.01, ge=0, json_schema_extra=_or_auto)
    """Weight decay of AdamW."""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    """How much of each label is spread over all classes, against overconfidence."""
    target_statistics: Literal["auto", "source", "own", "joint"] = Field(
        "auto", json_schema_extra=values(meanings.TARGET_STATISTICS)
    )
    """Statistics that standardise photos' features before the head."""
    label_shift: Literal["none", "bbse"] = Field("none", json_schema_extra=values(meanings.LABEL_SHIFT))
    """Whether the renders' losses follow the mix of classes among the photos.

    The mix is estimated after each epoch without labels (black box shift estimation). It aims at overall accuracy, at
    the cost of rare classes.
    """
    frozen_blocks: int = Field(3, ge=0, le=1000, json_schema_extra=_blocks_or_auto)
    """How many of the backbone's first blocks keep their pretrained weights.

    They see edges and textures, are the same for renders and photos, and cost half of a step. 1000: all of them, so
    that the head and the statistics of the domains alone adapt.
    """
    source_only_share: float = Field(0.4, ge=0, lt=1)
    """Share of the steps that come before the adaptation losses; where `epochs` are auto, at most."""
    mcc_temperature: float = Field(2.5, gt=0)
    """Temperature of the method mcc; above 1 softens predictions."""
    teacher_momentum: float = Field(0.98, ge=0, lt=1)
    """How slowly the averaged network follows each step; 0: no average.

    It is the teacher of self-training, and what is kept. From step 500 on it looks back the same share of the run.
    """
    most_steps: int = Field(2400, ge=1, le=100_000_000, json_schema_extra=unit("steps"))
    """Ceiling of a run whose `epochs` are auto."""
    most_minutes: PositiveFloat | None = Field(None, json_schema_extra=unit("minutes"))
    """Ceiling where `epochs` are auto, null: none; weights then depend on the machine."""
    confidence: float = Field(0.8, ge=0, le=1)
    """Probability from which self_training, size_training and fixmatch believe a label."""
    score: ScoreName = Field("information_maximisation", json_schema_extra=values(meanings.SCORES))
    """What chooses the checkpoint, without labels of photos."""
    source_accuracy_gate: float = Field(0.05, ge=0, le=1)
    """Accuracy on held-out renders that a checkpoint may lose against the best one before it is out."""
    fall_back: bool = True
    """Whether the start is kept where nothing looks better.

    Where no checkpoint looks better on the photos, the network as it began is the result; where the photos seem to show
    few of the classes, the probe is. false: the best checkpoint in any case.
    """


class TrainParams(Block):
    """What all training stages share, and one sub-block a stage."""

    backbone: str = "tf_efficientnet_lite0"
    """Any model of timm; tf_efficientnet_lite0, 1 and 2 are installed."""
    recipe: RecipeName = Field("auto", json_schema_extra=values(meanings.RECIPES))
    """Whose values everything has that says auto: those of the backbone's family, or of the family named here.

    `cad2real train recipes` shows them with their sources. What is set in params.yaml always wins.
    """
    weights: str = Field("embedded", json_schema_extra=values(meanings.WEIGHTS))
    """What the backbone starts from: a word, or the path of a .safetensors file."""
    image_size: int = Field(128, ge=32, le=1024, json_schema_extra=_pixels_or_auto)
    """Side of the network's input.

    Larger sees finer detail and costs its square. Transformers are fitted to it; one that cannot be is refused with the
    size that it wants.
    """
    batch_size: int = Field(32, ge=2, le=4096, json_schema_extra=unit("images"))
    """Renders, and as many photos, in a step."""
    gradient_accumulation: int = Field(1, ge=1, le=1024, json_schema_extra=unit("pieces"))
    """In how many pieces a batch goes through the backbone; more need less memory and are slower.

    The result is the same but for rounding.
    """
    precision: Literal["auto", "float32", "bf16"] = Field("auto", json_schema_extra=values(meanings.PRECISION))
    """Number format that networks compute in, in training and when a photo is recognised."""
    torch_compile: bool = False
    """Whether the backbone is compiled, which takes minutes; for long runs and GPUs."""
    epochs: Annotated[int, Field(ge=1, le=10_000)] | Literal["auto"] = Field(
        "auto", json_schema_extra=unit("epochs") | values(meanings.EPOCHS)
    )
    """Length of adapt and finetune; a checkpoint is judged after each epoch."""
    steps_per_epoch: int = Field(40, ge=1, le=100_000, json_schema_extra=unit("steps"))
    """Batches in an epoch, however many renders there are.

    With more than 300 classes at least as many as show each class twice.
    """
    seed: int = Field(0, ge=0)
    """All randomness of training comes from it."""
    seeds: int = Field(1, ge=1, le=20, json_schema_extra=unit("networks"))
    """How many networks adapt trains, with this seed and the next ones, to answer together.

    Each takes its time in training and in every query. It pays where runs of other seeds end far apart.
    """
    rotations: Literal[1, 2, 4] = Field(
        4, json_schema_extra=unit("turns") | values({"1": "as it is", "2": "and upside down", "4": "by all quarters"})
    )
    """Turns of a photo that are averaged when it is recognised; each costs as much again."""
    size_prior: bool = True
    """Whether the size and shape of a part's outline count, where they say something.

    CAD knows how large parts are and what outlines they have. Whether photos from one distance, from varying ones, or
    only shapes tell parts apart is found without labels; else outlines are left out.
    """
    labels: Literal["none", "folders", "csv"] = Field("none", json_schema_extra=values(meanings.LABELS))
    """Which labels of photos train. Photos whose label trains never score.

    Nor do photos that look the same. All other labels only score.
    """
    feedback: bool = False
    """Whether photos that people named on the served page train, with what they were named."""
    held_out_share: float = Field(0.15, gt=0, lt=0.5)
    """Share of each part's renders that never train, to see whether training works."""
    unknown_share: float = Field(0.0, ge=0, lt=1)
    """Share of held-out renders that may count as unknown; above 0, photos as unsure are called unknown.

    0.05 calls unknown what the model is less sure of than of 95 % of those renders. For photos that may show other
    things than parts of the list; 0 rejects nothing.
    """
    tensorboard: bool = False
    """Whether losses and scores of each epoch also go to data/logs/tensorboard."""
    source_augment: AugmentParams = AugmentParams()
    target_augment: TargetAugmentParams = TargetAugmentParams()
    background: BackgroundParams = BackgroundParams()
    probe: ProbeParams = ProbeParams()
    finetune: FinetuneParams = FinetuneParams()
    adapt: AdaptParams = AdaptParams()


def without_auto(block: object) -> object:
    """The `train` block of a params.yaml without what it leaves to the recipe by `auto`, at the places where it may."""
    if not isinstance(block, dict):
        return block
    stages: dict[str, type[Block]] = {"finetune": FinetuneParams, "adapt": AdaptParams}
    left = {**block, **{name: _left_out(block[name], stages[name]) for name in stages if name in block}}
    return _left_out(left, TrainParams)


def _left_out(values: object, schema: type[Block]) -> object:
    if not isinstance(values, dict):
        return values
    open_to = {name for name, field in schema.model_fields.items() if field.json_schema_extra in _MAY_BE_AUTO}
    return {name: value for name, value in values.items() if name not in open_to or value != AUTO}


_MAY_BE_AUTO = (_or_auto, _blocks_or_auto, _pixels_or_auto)
