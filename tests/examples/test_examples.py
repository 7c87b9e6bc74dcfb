"""The examples run as they are and do what they say; each fits on a screen."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from cad2real.layout import Layout
from photos.stage import make_squares
from search.stage import build_index
from tests.train.conftest import CLASSES, SMALL, write_renders, write_squares
from train.methods import METHODS, Method
from train.stages import probe

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
SMALL_CHANGES = {name: getattr(SMALL, name) for name in ("backbone", "weights", "image_size", "batch_size", "probe")}
SMALL_CHANGES |= {"epochs": 1, "steps_per_epoch": 2}


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(folder: Path, name: str, *arguments: str) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments]
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 30


def test_one_part_is_rendered(tmp_path: Path) -> None:
    washer = REPOSITORY / "data" / "parts" / "washer_m10.step"
    said = run(tmp_path, "render_one_part", str(washer), "renders", "brass polished")
    assert "washer_m10" in said
    assert len(list((tmp_path / "renders" / "washer_m10").glob("view_*.png"))) == 4
    with Image.open(tmp_path / "renders" / "sheet.png") as sheet:
        assert sheet.width > 256


def test_a_training_step_has_named_losses(tmp_path: Path) -> None:
    said = run(tmp_path, "training_step")
    assert all(f"'{name}'" in said for name in ("source", "dann", "mcc"))


def test_two_folders_are_adapted(tmp_path: Path) -> None:
    write_renders(tmp_path / "renders")
    write_squares(tmp_path / "shots")
    model = example("adapt_two_folders").main(
        str(tmp_path / "renders"), str(tmp_path / "shots"), str(tmp_path / "model"), **SMALL_CHANGES
    )
    assert model.classes == CLASSES
    with Image.open(next((tmp_path / "shots").glob("*.jpg"))) as photo:
        assert {label for label, _ in model.predict(photo)} == set(CLASSES)


def test_a_method_of_ones_own_trains_and_search_finds_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "mean_matching", Method)  # so that what the example registers is gone afterwards
    layout = Layout(tmp_path)
    write_renders(layout.renders)
    write_squares(tmp_path / "shots")
    make_squares(tmp_path / "shots", None, "shift", 48, layout.squares)
    probe.run(layout, SMALL)
    description = example("custom_method").main(str(tmp_path), **SMALL_CHANGES)
    assert description["method"] == "0.1 cdan + 0.5 mean_matching"
    losses = description["candidates"][-1]["scores"]
    assert losses["loss_mean_matching"] >= 0
    ids = [f"{label}_part" for label in CLASSES]
    (layout.renders / "renders.json").write_text(json.dumps({"parts": ids, "failed": []}))
    build_index(layout)
    found = example("search_from_python").main(str(tmp_path), str(next(layout.squares.glob("*.jpg"))))
    assert set(found) == set(ids)
