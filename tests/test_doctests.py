"""The examples in docstrings run and give what they say; the functions that a newcomer reads first have one."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[1]
ROOMS = ("cad2real", "flows", "photos", "render", "search", "train")
ELSEWHERE = ("render/blender/", "flows/prefect_flow.py", "flows/retrain.py", "__main__.py")
"""What needs bpy or the settings of a Prefect server, or runs when it is imported: no examples there."""

FIRST_READ = {
    "cad2real.files": {"atomic_file", "write_json"},
    "cad2real.params": {"load_params"},
    "cad2real.layout": {"Layout"},
    "cad2real.reference.rows": {"known"},
    "render.seeds": {"stream"},
    "render.parts.catalogue": {"make_part"},
    "render.materials.colors": {"read_color"},
    "render.materials.vocabulary": {"read_material"},
    "render.materials.assignment": {"assign_materials", "read_bodies", "split_words"},
    "render.views.cameras": {"Camera.intrinsics", "fit", "look_along"},
    "render.views.samplers": {"circular", "sampler_per_view"},
    "render.views.file_sizes": {"view_bytes"},
    "photos.crop": {"square_crop", "usable_box", "whole_photo"},
    "photos.find": {"folder_label"},
    "photos.pixels": {"to_rgb"},
    "train.loop.schedule": {"Schedule"},
    "train.selection.choice": {"choose"},
    "train.measures.accuracy": {"classification_report", "top_accuracy"},
    "train.measures.calibration": {"calibration_error", "fit_temperature"},
    "train.measures.domain_gap": {"a_distance", "coral", "frechet", "mmd"},
    "train.validators": {"source_accuracy"},
    "train.validators.information": {"bnm", "diversity", "information_maximisation", "mano", "negative_entropy"},
    "train.losses.reversal": {"reversal_coefficient", "reverse_gradient"},
    "search.ranking": {"nearest_parts"},
    "search.scores.retrieval": {"retrieval_scores"},
    "flows.params_file": {"change_params"},
}
"""Public names by module. Every loss must have an example too."""
SHOWN_ELSEWHERE = {"make_teacher", "discrepancy"}
"""Functions of train/losses that run in others' examples: in that of `TeacherUpdate`, in those of MK-MMD and JMMD."""


class Finder(doctest.DocTestFinder):
    """Also finds functions in a decorator's wrapper, whose globals are those of the decorator's module."""

    def _from_module(self, module: ModuleType | None, object: object) -> bool:  # noqa: A002 - the base's name
        made_in = getattr(inspect.unwrap(object), "__module__", None) if callable(object) else None
        return super()._from_module(module, object) or (module is not None and made_in == module.__name__)


def modules() -> list[str]:
    """Names of all modules but those `ELSEWHERE`."""
    names = []
    for path in sorted(path for room in ROOMS for path in (REPOSITORY / room).rglob("*.py")):
        place = path.relative_to(REPOSITORY).as_posix()
        if not any(part in place for part in ELSEWHERE):
            names.append(place.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    return names


def has_examples(name: str) -> bool:
    """Whether the source of the module `name` has a prompt: importing all others would take long."""
    path = REPOSITORY / name.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ">>> " in source.read_text()


def examples(name: str) -> dict[str, doctest.DocTest]:
    """The tests of the module `name` by the names of what they belong to (`Camera.intrinsics`)."""
    found = Finder(exclude_empty=True).find(importlib.import_module(name), name)
    return {test.name.removeprefix(f"{name}."): test for test in found if test.examples}


@pytest.mark.parametrize("name", [name for name in modules() if has_examples(name)])
def test_examples_give_what_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)  # the sample parts are named from here
    found = examples(name)
    assert found, "has a prompt that is in no docstring"
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    failures: list[str] = []
    for test in found.values():
        runner.run(test, out=failures.append)
    assert not failures, "".join(failures)


@pytest.mark.parametrize("name", FIRST_READ)
def test_what_is_read_first_has_an_example(name: str) -> None:
    assert FIRST_READ[name] <= set(examples(name))


def test_every_loss_has_an_example() -> None:
    missing = []
    for name in modules():
        if not name.startswith("train.losses.") or "parity" in name:
            continue
        known = examples(name)
        for attribute, value in vars(importlib.import_module(name)).items():
            is_own = inspect.isfunction(value) and value.__module__ == name and not attribute.startswith("_")
            if is_own and attribute not in known and attribute not in SHOWN_ELSEWHERE:
                missing.append(f"{name}.{attribute}")
    assert not missing
