"""Before a run starts, the room it needs is estimated from counts and sizes and compared with what is free."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.params import Params, load_params
from flows.dvc.disk_needs import estimate_disk_needs
from flows.dvc.disk_space import check_disk_space, dvc_cache
from flows.init_project import init_project
from flows.run_project import run_project
from flows.stages import read_stages

PARAMS = "catalogue: {}\nrender: {views: 8, size: 1024}\nfind: {}\nphotos: {}\ntrain: {}\nsearch: {}\nflow: {}\n"
ALL = ("catalogue", "render", "find", "photos", "probe", "adapt", "evaluate", "index", "report")
MEGABYTE = 1_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of ten parts and four photos that has not run."""
    root = tmp_path / "project"
    init_project(root)
    (root / "params.yaml").write_text(PARAMS)
    for number in range(10):
        (root / "data" / "parts" / f"{number}.stl").write_bytes(b"solid")
    rows = "".join(f"part_{number},{number}.stl\n" for number in range(10))
    (root / "data" / "parts" / "parts.csv").write_text(f"part_id,file\n{rows}")
    (root / "data" / "photos" / "bolt").mkdir()
    for number in range(4):
        (root / "data" / "photos" / "bolt" / f"{number}.jpg").write_bytes(b"photo")
    return root


def params(root: Path) -> Params:
    return load_params(root / "params.yaml")


def sizes(root: Path, *stages: str) -> dict[str, float]:
    return {need.what: need.bytes / MEGABYTE for need in estimate_disk_needs(root, params(root), stages)}


def pretend_free(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 10**12, int(size)))


def pretend_rendered(root: Path, part_id: str, size: int = 1024) -> None:
    made = {
        "views": [{}] * 8,
        "size": size,
        "quality": "standard",
        "seed": 0,
        "sampler": {"resting": 0.75, "sphere_equidistant": 0.25},
    }
    write_json(root / "data" / "renders" / part_id / "part.json", made)


def test_a_new_project_needs_all_of_it(root: Path) -> None:
    found = sizes(root, *ALL)
    assert found["renders of 10 part(s)"] == pytest.approx(80 * 1.05, rel=0.02)  # 80 views of a megapixel
    assert found["4 square photo(s)"] == pytest.approx(4 * 0.13, rel=0.02)
    assert found["decoded pictures"] == pytest.approx((80 * 4 * 192**2 + 4 * 3 * 128**2) / MEGABYTE)
    assert found["2 model(s)"] == 30
    assert found["checkpoints, until the training is finished"] == 15 * (4 + 8)
    assert sizes(root) == {}


def test_only_what_is_missing_counts(root: Path) -> None:
    for number in range(8):
        pretend_rendered(root, f"part_{number}")
    pretend_rendered(root, "part_8", size=512)  # rendered with other parameters
    later = (root / "data" / "renders" / "part_0" / "part.json").stat().st_mtime + 60
    os.utime(root / "data" / "parts" / "0.stl", (later, later))  # its CAD has changed since
    assert "renders of 3 part(s)" in sizes(root, "render")
    (root / "data" / "squares").mkdir()
    for number in range(3):
        Image.new("RGB", (512, 512)).save(root / "data" / "squares" / f"{number}.jpg")
    assert "1 square photo(s)" in sizes(root, "photos")


def test_the_finder_counts_where_photos_have_no_boxes(root: Path) -> None:
    found = sizes(root, "find")
    assert found["pictures for the finder"] == pytest.approx((80 * 4 + 4 * 3) * 192**2 / MEGABYTE)
    assert found["the finder"] == 15
    (root / "data" / "cache").mkdir()
    (root / "data" / "cache" / "find-renders-192-0.npy").write_bytes(bytes(80 * 4 * 192**2))
    assert sizes(root, "find")["pictures for the finder"] == pytest.approx(4 * 3 * 192**2 / MEGABYTE)
    assert sizes(root, "probe")["decoded pictures"] > 80 * 4 * 192**2 / MEGABYTE  # those are others
    rows = "".join(f"bolt/{number}.jpg,bolt,1,1,9,9\n" for number in range(4))
    (root / "data" / "photos" / "boxes.csv").write_text(f"image,label,x_min,y_min,x_max,y_max\n{rows}")
    assert sorted(sizes(root, "find")) == ["logs and the report"]
    (root / "params.yaml").write_text(PARAMS.replace("photos: {}", "photos: {crop: found}"))
    assert "the finder" in sizes(root, "find")


def test_networks_that_answer_together_count_each(root: Path) -> None:
    (root / "params.yaml").write_text(PARAMS.replace("train: {}", "train: {seeds: 3}"))
    assert sizes(root, "probe")["1 model(s)"] == 15
    found = sizes(root, "probe", "adapt")
    assert found["2 model(s)"] == 4 * 15
    assert found["checkpoints, until the training is finished"] == 3 * 15 * (4 + 8)
    folder = root / "data" / "models" / "adapt"
    folder.mkdir(parents=True)
    write_json(folder / "model.json", {"backbone": "tf_efficientnet_lite0", "members": 3})
    (folder / "model.safetensors").write_bytes(bytes(42 * MEGABYTE))
    assert sizes(root, "probe", "adapt")["2 model(s)"] == 4 * 14  # three networks of 14 lie there


def test_depth_maps_count(root: Path) -> None:
    before = sizes(root, "render")["renders of 10 part(s)"]
    (root / "params.yaml").write_text(PARAMS.replace("views", "outputs: [depth], views"))
    assert sizes(root, "render")["renders of 10 part(s)"] > 10 * before


def test_inputs_that_cannot_be_read_are_left_to_their_stage(root: Path) -> None:
    (root / "data" / "parts" / "parts.csv").write_text("nothing\n")
    (root / "data" / "photos" / "boxes.csv").write_text("nothing\n")
    assert "renders of 10 part(s)" not in sizes(root, *ALL)


def test_too_little_room_is_one_line_with_need_place_and_remedy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_free(monkeypatch, 120 * MEGABYTE)  # enough for the renders, not for DVC's copy of them
    with pytest.raises(UserError) as caught:
        check_disk_space(root, params(root), ["render"])
    said = str(caught.value)
    assert said.startswith("This run may need 218 MB more in ")
    assert f"{root / 'data'}, but only 120 MB are free" in said
    assert "renders of 10 part(s) in DVC's cache 84 MB" in said
    assert "Make room" in said
    assert "\n" not in said
    pretend_free(monkeypatch, 220 * MEGABYTE)
    check_disk_space(root, params(root), ["render"])


def test_dvcs_cache_may_be_elsewhere_and_may_link(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / ".dvc").mkdir()
    assert dvc_cache(root) == (root / ".dvc" / "cache", True)
    (root / ".dvc" / "config").write_text("[core]\n    analytics = false\n[cache]\n    dir = /mnt/store\n")
    (root / ".dvc" / "config.local").write_text('[cache]\n    type = "hardlink,symlink"\n')
    assert dvc_cache(root) == (Path("/mnt/store"), False)
    pretend_free(monkeypatch, 140 * MEGABYTE)  # nothing is copied
    check_disk_space(root, params(root), ["render"])


def test_a_run_is_refused_before_it_starts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The run goes into this process' environment and sets Prefect up, which no other test should see.
    monkeypatch.setattr("flows.run_project.apply_environment", lambda root: None)
    pretend_free(monkeypatch, MEGABYTE)
    with pytest.raises(UserError, match="only 1 MB are free"):
        run_project(root)
    assert not (root / "data" / "catalogue.json").exists()
    assert not (root / "dvc.lock").exists()
    assert [stage.name for stage in read_stages(root)] == list(ALL)
