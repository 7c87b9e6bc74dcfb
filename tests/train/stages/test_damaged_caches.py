"""Bits that a disk flipped in a cache, where its format stays valid, do not silently train another model."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from cad2real.layout import Layout
from tests.train.conftest import SMALL
from train.augment_params import BackgroundParams
from train.loop.checkpoint import resumable
from train.params import TrainParams
from train.stages import adapt, probe, several_seeds

LAST = -2  # a byte of the values in an array, not of its header


@pytest.fixture
def params(project: Layout) -> TrainParams:
    (project.root / "benches").mkdir()
    Image.new("RGB", (90, 90), (204, 51, 0)).save(project.root / "benches" / "red.png")
    background = BackgroundParams(colour=0.0, gradient=0.0, target=0.0, photos=1.0, folder="benches")
    return SMALL.model_copy(update={"background": background})


def run(project: Layout, params: TrainParams) -> tuple[bytes, bytes]:
    probe.run(project, params)
    adapt.run(project, params)
    probed, adapted = ((project.models / stage / "model.safetensors").read_bytes() for stage in ("probe", "adapt"))
    return probed, adapted


def flip(path: Path, place: int = LAST) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x40
    path.write_bytes(content)


def test_every_file_of_the_cache_is_checked(
    project: Layout, params: TrainParams, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = run(project, params)
    stored = sorted(path for path in project.cache.iterdir() if not path.name.endswith((".sum", ".lock")))
    kinds = {path.name.split("-")[0] for path in stored}
    assert kinds == {"renders", "squares", "extents", "widths", "features", "backgrounds"}
    for path in stored:
        flip(path)
    capsys.readouterr()
    assert run(project, params) == expected
    said = [line for line in capsys.readouterr().err.splitlines() if "damaged" in line]
    # Of backgrounds one of two files is enough to make both again.
    listed = {f"{path} is damaged: it is made again." for path in stored if path.suffix != ".json"}
    assert set(said) == listed and len(said) == len(listed)
    capsys.readouterr()
    assert run(project, params) == expected and "damaged" not in capsys.readouterr().err


@pytest.mark.parametrize("damaged", ["run.safetensors", "epoch_0001/predictions.safetensors", "epoch_0001/known.json"])
def test_a_killed_run_with_a_flipped_bit_begins_anew(
    project: Layout, params: TrainParams, damaged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = run(project, params)
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(several_seeds, "choose", interrupt)
        adapt.run(project, params)
    (folder,) = project.cache.glob("adapt-*")
    flip(folder / damaged)
    capsys.readouterr()
    adapt.run(project, params)
    said = capsys.readouterr().err
    assert f"train adapt: {folder / damaged} is damaged: the run begins anew.\n" in said and "resumed" not in said
    assert (project.models / "adapt" / "model.safetensors").read_bytes() == expected[1]


def test_a_file_without_checksums_begins_a_run_anew(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), resumable(tmp_path, "find", "key") as folder:
            assert not list(folder.glob("[!.]*"))
            (folder / "run.safetensors").write_bytes(b"of an earlier version, or half a power cut")
            interrupt()


def interrupt(*_: object) -> int:
    raise KeyboardInterrupt
