"""The commands of the train room."""

from __future__ import annotations

from typing import Annotated

import typer

from cad2real.layout import Layout
from train.stages.search_space import TunedStage

train_app = typer.Typer(
    help="Train: `probe` (1a: head on frozen features), `finetune` (1b: renders), `adapt` (2: to photos), `find` (the "
    "finder), `recipes`, `presets`"
)


def register(app: typer.Typer) -> None:
    """Adds this room's commands to `app`."""
    app.add_typer(train_app, name="train", no_args_is_help=True)
    app.command("evaluate")(evaluate)


@train_app.command("probe")
def probe() -> None:
    """Stage 1a: trains the head on frozen features of the labelled renders.

    Example: cad2real train probe
    """
    from cad2real.params import load_params
    from train.compute.distributed import refuse_torchrun
    from train.compute.out_of_memory import explain_out_of_memory
    from train.stages import probe as stage

    refuse_torchrun("cad2real train probe")
    layout = Layout.of_project()
    with explain_out_of_memory("train probe"):
        scores = stage.run(layout, load_params(layout.params).train)
    accuracy = scores.get("source_accuracy")
    print(f"probe: held-out source accuracy {accuracy:.3f}" if accuracy is not None else "probe: trained")


@train_app.command("finetune")
def finetune() -> None:
    """Stage 1b, for comparison: trains all layers on the renders alone. `cad2real run` leaves it out.

    Example: cad2real train finetune
    By several processes: torchrun --nproc-per-node 2 -m cad2real train finetune
    """
    from cad2real.params import load_params
    from train.compute.distributed import torchrun_world
    from train.compute.out_of_memory import explain_out_of_memory
    from train.stages import finetune as stage

    layout = Layout.of_project()
    with torchrun_world() as world, explain_out_of_memory("train finetune"):
        description = stage.run(layout, load_params(layout.params).train, world)
        accuracy = description["scores"]["source_accuracy"]
        print(f"finetune: held-out source accuracy {accuracy:.3f}, kept {description['chosen']}")
        print("Its accuracy on the photos: python -m train.stages.score data/models/finetune")


@train_app.command("adapt")
def adapt() -> None:
    """Stage 2: adapts all layers to the unlabelled photos; the checkpoint is chosen without target labels.

    Example: cad2real train adapt
    By several processes: torchrun --nproc-per-node 2 -m cad2real train adapt
    """
    from cad2real.params import load_params
    from train.compute.distributed import torchrun_world
    from train.compute.out_of_memory import explain_out_of_memory
    from train.stages import adapt as stage

    layout = Layout.of_project()
    with torchrun_world() as world, explain_out_of_memory("train adapt"):
        description = stage.run(layout, load_params(layout.params).train, world)
        if description["adapted"]:
            print(f"adapt: {description['method']}, kept {description['chosen']} by {description['chosen_by']}")


@train_app.command("find")
def find(
    if_needed: Annotated[
        bool, typer.Option("--if-needed", help="Not where boxes cut all photos, or the photos are plain pictures.")
    ] = False,
) -> None:
    """Trains the finder, which finds parts in whole photos, on renders pasted onto surfaces. Killed, it goes on where
    it was. `cad2real photos` and `cad2real find` use it.

    Example: cad2real train find
    """
    from cad2real.params import load_params
    from train.compute.distributed import refuse_torchrun
    from train.compute.out_of_memory import explain_out_of_memory
    from train.stages import find as stage

    refuse_torchrun("cad2real train find")
    layout = Layout.of_project()
    params = load_params(layout.params)
    with explain_out_of_memory("train find"):
        description = stage.run(layout, params.train, params.find, params.photos, if_needed)
    if "not_needed" in description:
        print(f"find: no finder is trained: {description['not_needed']}")
        return
    named = {"recall": "recall", "precision": "precision", "average_precision": "AP50"}
    scores = {word: description["scores"][name] for name, word in named.items()}
    figures = ", ".join(f"{word} {'undefined' if value is None else f'{value:.3f}'}" for word, value in scores.items())
    print(f"find: on held-out pictures made of renders {figures}")
    if description.get("set_aside"):
        print(f"find: {description['set_aside']}")


@train_app.command("tune")
def tune(
    trials: Annotated[int, typer.Option(min=1, help="How many the study shall have in the end.")] = 20,
    stage: Annotated[TunedStage, typer.Option(help="Whose parameters.")] = "adapt",
) -> None:
    """Searches parameters of a stage without target labels; needs Optuna. The same command goes on where it was killed.

    Example: cad2real train tune --stage finetune --trials 20
    """
    from cad2real.params import load_params
    from train.compute.distributed import refuse_torchrun
    from train.compute.out_of_memory import explain_out_of_memory
    from train.stages import tune as study

    refuse_torchrun("cad2real train tune")
    layout = Layout.of_project()
    with explain_out_of_memory("train tune"):
        found = study.run(layout, load_params(layout.params).train, stage, trials)
    for trial in found.candidates:
        print(f"{trial.name:10} {found.score} {trial.scores[found.score]:.4f}")
    values = "".join(f"    {name}: {value:.6g}\n" for name, value in found.values.items())
    print(f"# {found.chosen.name}, for params.yaml:\ntrain:\n  {stage}:\n{values}", end="")
    if stage == "finetune":
        print(f"  # to hand them over to stage 2, as SynthNet does:\n  adapt:\n{values}", end="")


@train_app.command("baselines")
def baselines() -> None:
    """Scores what simpler ways reach on photos with labels: nearest renders, and models/finetune. `cad2real benchmark`
    shows both.

    Needs `cad2real train finetune`.

    Example: cad2real train baselines
    """
    from train.compute.distributed import refuse_torchrun
    from train.compute.out_of_memory import explain_out_of_memory
    from train.stages import baselines as stage

    refuse_torchrun("cad2real train baselines")
    with explain_out_of_memory("train baselines"):
        result = stage.run(Layout.of_project())
    if not result["photos"]:
        print("baselines: nothing scored: no photo has the label of a part.")
    for name, title in stage.TITLES.items():
        if name in result:
            figures = result[name]
            print(f"{title:28} accuracy {figures['accuracy']:.4f}, mean per class {figures['mean_per_class']:.4f}")


@train_app.command("recipes")
def recipes(
    backbone: Annotated[
        str, typer.Option(help="A network of timm's; all that params.yaml sets for it stays. Left out: all families.")
    ] = "",
) -> None:
    """Shows how networks of each kind are trained where params.yaml says auto, and where each value comes from.

    Example: cad2real train recipes --backbone vit_small_patch14_dinov2.lvd142m
    """
    from cad2real.params import load_params
    from train.networks import recipe_table

    params = load_params(Layout().params).train
    if backbone:
        params = params.model_copy(update={"backbone": backbone})
    print(recipe_table.of_network(params) if backbone else recipe_table.of_families())


@train_app.command("presets")
def presets(name: Annotated[str, typer.Argument(help="One to print; left out: all are listed.")] = "") -> None:
    """Lists published recipes, or prints one as a `train` block for params.yaml.

    Example: cad2real train presets synthnet-swinv2-cdan-mcc
    """
    from train import presets as recipes

    if name:
        print(recipes.text(name), end="")
        return
    for preset in recipes.names():
        print(f"{preset:28} {recipes.title(preset)}")


def evaluate() -> None:
    """Scores the source-only and the adapted model on the photos whose labels are known.

    Example: cad2real evaluate
    """
    from train.compute.out_of_memory import explain_out_of_memory
    from train.stages import evaluate as stage

    with explain_out_of_memory("evaluate"):
        evaluation = stage.run(Layout.of_project())
    if "reason" in evaluation:
        print(f"evaluate: nothing scored. {evaluation['reason']}")
        return
    for name in stage.STAGES:
        figures = evaluation[name]
        print(
            f"{name:12} accuracy {figures['accuracy']:.4f}, mean per class {figures['mean_per_class']:.4f} "
            f"({evaluation['photos']} photos, {len(evaluation['classes'])} classes, seed {evaluation['seed']})"
        )
        alone = figures["without_sizes"]
        print(f"{'':12} without sizes {alone['accuracy']:.4f}, mean per class {alone['mean_per_class']:.4f}")
        if "open_set" in figures:
            open_set = figures["open_set"]
            unknown = (
                "none to reject"
                if open_set["unknown_rejected"] is None
                else f"{open_set['unknown_rejected']:.1%} rejected"
            )
            print(f"{'':12} of photos of parts {open_set['known_accepted']:.1%} accepted, of other things {unknown}")
    if evaluation["labelled_photos"]:
        print(f"not scored: {evaluation['labelled_photos']} photos whose labels train, and photos that look the same")
    for label, count in evaluation["classes_without_cad"].items():
        print(f"not scored: {count} photos of {label!r}: no part has that label")
