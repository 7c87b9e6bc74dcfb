"""Public data sets, in tiny copies of their layouts, become projects that train as any other."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

import flows.import_dataset as import_dataset_module
from cad2real.cli import app
from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from flows.import_dataset import import_dataset
from flows.known_datasets import DATASETS
from flows.project import _say_what_is_new
from train.data.datasets import list_views

COLOURS = {"bolt": (200, 40, 40), "nut": (40, 160, 60)}


def picture(path: Path, label: str, size: tuple[int, int] = (64, 64), seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, "white")
    x, y = rng.integers(8, 20, 2)
    shape = (x, y, x + 30, y + 30) if label == "bolt" else (x, y, x + 36, y + 12)
    image.paste(COLOURS[label], tuple(int(side) for side in shape))
    image.save(path)


def topex(root: Path, views: int = 3) -> Path:
    for label in COLOURS:
        for number in range(views):
            picture(root / "topex-printer" / "train" / label / f"{number}.png", label, seed=number)
            picture(root / "topex-printer" / "test" / label / f"IMG {number}.jpg", label, (80, 60), seed=50 + number)
    return root


def visda(root: Path) -> Path:
    lines = []
    for number, label in enumerate(sorted(COLOURS)):
        picture(root / "train" / label / "src_1_0.png", label, (64, 48))
        picture(root / "validation" / label / "vali_1.jpg", label)
        picture(root / "test" / "trunk01" / f"{number}.jpg", label)
        lines.append(f"trunk01/{number}.jpg {number}")
    (root / "test" / "image_list.txt").write_text("\n".join(lines) + "\n")
    (root / "train" / "image_list.txt").write_text("bolt/src_1_0.png 0\n")
    return root


def folders(root: Path, *domains: str) -> Path:
    for domain in domains:
        for label in COLOURS:
            picture(root / domain / label / "00001.jpg", label)
    return root


def test_topex_printer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "project"
    made = import_dataset("topex-printer", topex(tmp_path / "in"), project)
    assert (made.renders, made.photos, made.classes, made.skipped) == (6, 6, 2, [])
    assert "train: 6 pictures, 3,264 expected" in made.incomplete[0] and "102 expected" in made.incomplete[2]
    views, parts, labels = list_views(project / "data" / "renders")
    assert len(views) == 6 and set(parts) == set(labels) == set(COLOURS) and all(view.is_file() for view in views)
    assert len(list((project / "data" / "photos" / "nut").iterdir())) == 3
    stages = list(yaml.safe_load((project / "dvc.yaml").read_text())["stages"])
    assert stages[:2] == ["find", "photos"] and "render" not in stages
    params = load_params(Layout(project).params)
    assert (params.photos.crop, params.train.size_prior) == ("whole", False)
    capsys.readouterr()
    _say_what_is_new(project)
    assert capsys.readouterr().err == ""  # that it has no stage render is right
    with pytest.raises(UserError, match="is a project already"):
        import_dataset("topex-printer", tmp_path / "in", project)


def test_a_full_disk_leaves_no_picture_out_and_the_same_again_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, room = tmp_path / "project", [4]

    def link(file: Path, place: Path) -> None:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file), None, str(place))
        room[0] -= 1
        whole(file, place)

    whole = import_dataset_module._link
    with monkeypatch.context() as patch:
        patch.setattr(import_dataset_module, "_link", link)
        patch.setattr(import_dataset_module, "no_room", lambda folder: UserError(f"{folder} is full.", "Make room."))
        with pytest.raises(OSError, match="No space"):
            import_dataset("topex-printer", topex(tmp_path / "in"), project)
    assert not (project / "dvc.yaml").exists()
    made = import_dataset("topex-printer", tmp_path / "in", project)
    assert (made.renders, made.photos, made.skipped) == (6, 6, [])
    assert "render" not in yaml.safe_load((project / "dvc.yaml").read_text())["stages"]


def test_visda_by_folders_and_by_its_list(tmp_path: Path) -> None:
    source = visda(tmp_path / "in")
    made = import_dataset("visda2017", source, tmp_path / "a")
    assert (made.renders, made.photos) == (2, 2)
    with Image.open(tmp_path / "a" / "data" / "renders" / "bolt" / "view_000000.jpg") as square:
        assert square.size == (64, 64) and min(square.getpixel((1, 1))) > 240  # on the colour of its border
    import_dataset("visda2017", source, tmp_path / "b", target="test")
    assert [path.name for path in sorted((tmp_path / "b" / "data" / "photos").iterdir())] == ["bolt", "nut"]
    (source / "test" / "image_list.txt").write_text("trunk01/0.jpg 7\n")
    with pytest.raises(UserError, match="row 1: '7' is no class"):
        import_dataset("visda2017", source, tmp_path / "c", target="test")


@pytest.mark.parametrize(
    ("name", "domains", "source", "target"),
    [
        ("office-home", ("Art", "Clipart", "Product", "RealWorld"), "Art", "Real World"),
        ("domainnet", ("clipart", "real", "sketch"), "", ""),
    ],
)
def test_domains_by_name(tmp_path: Path, name: str, domains: tuple[str, ...], source: str, target: str) -> None:
    made = import_dataset(name, folders(tmp_path / "in" / "unpacked", *domains), tmp_path / "p", source, target)
    assert (made.renders, made.photos) == (2, 2)


def test_what_is_refused(tmp_path: Path) -> None:
    source = folders(tmp_path / "in", "clipart", "real")
    for name, more, why in [
        ("imagenet", {}, "Known are topex-printer"),
        ("domainnet", {"source": "sketch"}, "has no folder 'sketch'.*Get it from https"),
        ("domainnet", {"source": "photos"}, "has no domain 'photos'"),
        ("domainnet", {"source": "real"}, "the same domain"),
    ]:
        with pytest.raises(UserError, match=why):
            import_dataset(name, source, tmp_path / "p", **more)
        assert not (tmp_path / "p").exists()
    for place in (tmp_path / "none", source / "real" / "nut" / "0.jpg"):
        with pytest.raises(UserError, match="is no folder"):
            import_dataset("domainnet", place, tmp_path / "p")
    (source / "real" / "nut" / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    picture(tmp_path / "secret.jpg", "nut")
    (source / "clipart" / "nut" / "bad.jpg").write_bytes(b"no picture")
    made = import_dataset("domainnet", source, tmp_path / "p")
    assert sorted(item.thing for item in made.skipped) == ["bad.jpg", "nut/out.jpg"]
    failed = json.loads((tmp_path / "p" / "data" / "renders" / "renders.json").read_text())["failed"]
    assert [item["thing"] for item in failed] == ["bad.jpg"]


def test_the_counts_are_those_that_are_published() -> None:
    counts = {name: [domain.counts[0] for domain in one.domains.values()] for name, one in DATASETS.items()}
    assert counts["topex-printer"] == [3264, 6146] and counts["visda2017"] == [152_397, 55_388, 72_372]
    assert sum(counts["office-home"]) == 15_588 and sum(counts["domainnet"]) == 586_575


def test_the_command(tmp_path: Path) -> None:
    source = topex(tmp_path / "in", views=1)
    result = CliRunner().invoke(app, ["import", "topex-printer", str(source), "--out", str(tmp_path / "p")])
    assert result.exit_code == 0, result.output
    assert "2 classes, 2 renders, 2 photos" in result.stdout and "CC-BY-NC-4.0" in result.stdout
    assert "not a complete copy" in result.stderr
