"""A folder of strangers' files may hold modules that are called like Python's own: no command imports them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trimesh
from openpyxl import Workbook
from PIL import Image

from cad2real.import_path import without_safe_path

REPOSITORY = Path(__file__).parents[2]
MODULES = (
    "multiprocessing", "json", "struct", "random", "socket", "signal", "tempfile", "threading", "selectors", "pickle",
    "typing", "dataclasses", "logging", "numpy", "PIL", "trimesh", "bpy", "torch", "timm", "yaml", "typer", "dvc",
    "prefect", "uvicorn", "python_calamine", "cascadio", "onnxruntime", "pxr", "cad2real", "flows", "render",
    "photos", "train", "search",
)  # fmt: skip
PARAMS = "catalogue: {}\nrender: {views: 1, size: 32, workers: 1}\nphotos: {crop: whole}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project in which such modules lie; each leaves a mark when it is imported."""
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'a').write({name!r} + ' ')\n")
    (tmp_path / "data" / "parts").mkdir(parents=True)
    (tmp_path / "data" / "photos").mkdir()
    (tmp_path / "params.yaml").write_text(PARAMS)
    Image.new("RGB", (40, 40), "red").save(tmp_path / "data" / "photos" / "a.png")
    trimesh.creation.box((10, 20, 30)).export(tmp_path / "data" / "parts" / "box.stl")
    (tmp_path / "data" / "parts" / "stage.usda").write_text('#usda 1.0\ndef Mesh "m" {}\n')
    (tmp_path / "data" / "parts" / "parts.csv").write_text("part_id,file\nbox,box.stl\nstage,stage.usda\n")
    book = Workbook()
    book.active.append(["Part number", "Name"])
    book.active.append(["A-1", "box"])
    book.save(tmp_path / "data" / "parts" / "list.xlsx")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        "catalogue",  # processes that read CAD, and a Blender of its own
        "catalogue --explain --parts data/parts/list.xlsx",
        "photos",
        "render",
        "doctor",
        "status",
        "params",
    ],
)
def test_modules_in_the_current_folder_are_not_imported(folder: Path, command: str) -> None:
    if command == "render":
        (folder / "data/parts/parts.csv").write_text("part_id,file\nbox,box.stl\n")
        command = "render --parts data/parts/parts.csv --out out --size 16"
    environment = {name: said for name, said in os.environ.items() if name != "PYTHONSAFEPATH"}
    start = "import sys; sys.argv[0] = 'cad2real'; from cad2real.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", start, *command.split()],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    imported = folder / "imported"
    assert not imported.exists(), imported.read_text()
    assert "Traceback" not in done.stderr
    assert command in {"doctor", "status"} or done.returncode == 0, done.stderr


def test_scripts_of_a_project_may_import_what_lies_beside_them() -> None:
    assert without_safe_path({"PYTHONSAFEPATH": "1", "PATH": "x"}).keys() >= {"PATH"}
