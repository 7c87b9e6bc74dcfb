"""What DVC cannot read among the inputs does not stop a run: .dvcignore names it, and nothing else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import yaml
from small_project import make_small_project, run_all

from cad2real.errors import UserError
from flows.dvc.cache import folder_hash
from flows.dvc.lock_file import locked_hashes
from flows.dvc.passed_over import FILE, FIRST, LAST, MOST, pass_over_unreadable, said
from flows.health.verify import verify
from flows.project import STARTER, prepare
from flows.stages import stale_stages

LISTING = """\
  photos:
    cmd: ls -A data/photos > data/listed.txt
    deps: [data/photos, .dvcignore]
    outs: [data/listed.txt]
"""
ODD = [
    "two words.jpg", " before.jpg", "after.jpg ", "after.jpg  ", "#1.jpg", "!1.jpg", "*", "*.jpg", "?.jpg", "[ab].jpg",
    "[!a].jpg", "[", "]", "back\\slash.jpg", "end\\", "\\", "\n.jpg", "line\nbreak", "carriage\rreturn", "tab\t",
    "schräg.jpg", "schra\u0308g.jpg", "\u2028.jpg", "\x85", "\u3000", "**", "{a,b}.jpg", "$HOME", "~", "-v", "'\"",
    "(a|b)", ".hid",
]  # fmt: skip
SIBLINGS = [
    "two_words.jpg", "before.jpg", "after.jpg", "1.jpg", "a.jpg", "b.jpg", "!a", "backslash.jpg", "end", "_.jpg",
    "line break", "carriage return", "tab", "schrag.jpg", "a", "x", " ", "é.jpg",
]  # fmt: skip
"""What a pattern that is not escaped would take for one of the others."""


def test_the_stage_that_lists_photos_runs_again_when_the_list_changes() -> None:
    assert FILE in yaml.safe_load((STARTER / "dvc.yaml").read_text())["stages"]["photos"]["deps"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """The folder of photos of a project that lists them in a stage."""
    folder: Path = make_small_project(tmp_path / "project", LISTING) / "data" / "photos"
    folder.mkdir()
    (folder / "good.jpg").write_text("good")
    return folder


def recorded(root: Path) -> str:
    """The hash of the photos that DVC recorded."""
    return locked_hashes(root / "dvc.lock")[1]["data/photos"]


def test_names_of_all_kinds_are_passed_over_and_no_other(photos: Path) -> None:
    """DVC's own hash is that of the files that are there: none is missing, and none of the dead ones stopped it."""
    root = photos.parents[1]
    for name in SIBLINGS:
        (photos / name).write_text(name)
    for name in ODD:
        (photos / name).symlink_to("/gone/away")
        (photos / "nut" / "deep").mkdir(parents=True, exist_ok=True)
        (photos / "nut" / "deep" / name).symlink_to("/gone/away")
    (photos / "nut" / "one.jpg").write_text("one")
    (photos / os.fsdecode(b"\xff.jpg")).symlink_to("/gone/away")
    run_all(root)
    files = {path.relative_to(photos).as_posix() for path in photos.rglob("*") if path.is_file()}
    assert files == {"good.jpg", "nut/one.jpg", *SIBLINGS}
    assert recorded(root) == folder_hash(photos)
    assert stale_stages(root) == {}


def test_nothing_that_dvc_cannot_read_stops_a_run(photos: Path) -> None:
    root = photos.parents[1]
    (photos / "drive").symlink_to("/gone/drive")
    (photos / "one").symlink_to("two")
    (photos / "two").symlink_to("one")
    (photos / "through").symlink_to("good.jpg/file")
    os.mkfifo(photos / "pipe")
    (photos / os.fsdecode(b"\xff.jpg")).write_text("a name that is no text")
    (photos / os.fsdecode(b"\xff")).mkdir()
    (photos / os.fsdecode(b"\xff") / "in.jpg").write_text("in it")
    (root / "data" / "parts" / "dead.stl").symlink_to("/gone/dead.stl")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(photos / "plug"))
        run_all(root)
        assert b"plug" in (root / "data" / "listed.txt").read_bytes(), "the stage looks for itself"
        assert stale_stages(root) == {}
        assert verify(root, deep=True) == []


def test_what_comes_and_what_heals_makes_the_stage_that_lists_it_stale(photos: Path) -> None:
    root = photos.parents[1]
    run_all(root)
    (photos / "dead.jpg").symlink_to(root / "far.jpg")
    assert list(stale_stages(root)) == ["photos"], "DVC sees the same photos as before"
    assert list(stale_stages(root)) == ["photos"], "asking, or a run that is killed, forgets nothing"
    assert "links that lead nowhere" in stale_stages(root)["photos"][0]
    run_all(root)
    assert "dead.jpg" in (root / "data" / "listed.txt").read_text()
    assert stale_stages(root) == {}
    (root / "far.jpg").write_text("back")
    assert {"second", "photos"} <= set(stale_stages(root))
    run_all(root)
    assert FIRST not in (root / FILE).read_text()
    assert recorded(root) == folder_hash(photos)


def test_a_link_that_dies_while_others_run_stops_none(photos: Path) -> None:
    root = photos.parents[1]
    (photos / "far.jpg").symlink_to(root / "far.jpg")
    (root / "far.jpg").write_text("far")
    dvc = (root / "dvc.yaml").read_text()
    (root / "dvc.yaml").write_text(dvc.replace("echo parts copied", "rm far.jpg"))
    run_all(root)
    assert stale_stages(root) == {}


def test_what_people_wrote_into_dvcignore_stays(photos: Path) -> None:
    root = photos.parents[1]
    file = root / FILE
    prepare(root)
    mine = "# mine\n*.bak\n/data/photos/raw  "
    file.write_text(mine)
    (photos / "dead.jpg").symlink_to("/gone")
    pass_over_unreadable(root)
    block = f"{FIRST}\n/data/photos/dead.jpg\n{LAST}\n"
    assert file.read_text() == f"{mine}\n{block}"
    file.write_text(f"{mine}\n{block}/data/photos/after\n")
    pass_over_unreadable(root)
    assert file.read_text() == f"{mine}\n/data/photos/after\n{block}"
    file.write_text(file.read_text().removesuffix(f"{LAST}\n"))  # by an editor
    pass_over_unreadable(root)
    assert file.read_text() == f"{mine}\n/data/photos/after\n{block}"
    (photos / "dead.jpg").unlink()
    pass_over_unreadable(root)
    assert file.read_text() == f"{mine}\n/data/photos/after\n"


def test_nothing_is_written_where_nothing_has_changed(photos: Path) -> None:
    root = photos.parents[1]
    (photos / "dead.jpg").symlink_to("/gone")
    pass_over_unreadable(root)
    before = (root / FILE).stat()
    pass_over_unreadable(root)
    assert (root / FILE).stat() == before


def test_a_drive_full_of_links_is_one_pattern_and_too_many_are_said(photos: Path) -> None:
    """DVC tries each pattern on each file."""
    root = photos.parents[1]
    (photos / "drive" / "deep").mkdir(parents=True)
    for number in range(MOST + 1):
        (photos / "drive" / "deep" / f"{number}.jpg").symlink_to("/gone")
    assert pass_over_unreadable(root) == [Path("data/photos/drive")]
    (photos / "drive" / "deep" / "alive.jpg").write_text("alive")
    with pytest.raises(UserError, match=r"1,001 files cannot be read, data/photos/drive/deep/0.jpg .* Is a drive miss"):
        pass_over_unreadable(root)


def test_the_line_for_people_is_short() -> None:
    assert "a, b, c, ..." in said([Path(name) for name in "abcd"])
    assert "d, ..." not in said([Path("d")])
    assert r"\xff" in said([Path(os.fsdecode(b"\xff"))])
