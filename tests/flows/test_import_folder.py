"""`cad2real init --from DIR`: a folder of CAD, with a list or without, becomes a project."""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh

from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from flows.import_folder import import_folder
from flows.project import prepare
from render.parts.catalogue import make_catalogue


@pytest.fixture
def cad(tmp_path: Path) -> Path:
    for name in ("Base plate.stl", "arm/Lever rev B.stl", "arm/Lever rev B.obj"):
        (tmp_path / "cad" / name).parent.mkdir(parents=True, exist_ok=True)
        trimesh.creation.box((10, 20, 30)).export(tmp_path / "cad" / name)
    return tmp_path / "cad"


def test_without_a_list_file_names_become_parts(cad: Path, tmp_path: Path) -> None:
    made = import_folder(tmp_path / "project", cad)
    assert (made.is_made, made.cad_files) == (True, 2)
    params = prepare(tmp_path / "project")
    found = make_catalogue(tmp_path / "project" / params.catalogue.parts, tmp_path / "project")
    assert {part.part_id: part.name for part in found.parts} == {
        "Base-plate": "Base plate",
        "Lever-rev-B": "Lever rev B",
    }
    assert not found.skipped


@pytest.mark.parametrize("name", ["list #2.csv", "a: b.csv", "[x].csv", "{y}.csv", "*.csv", "list\x1b.csv"])
def test_a_list_may_be_called_as_it_is(cad: Path, tmp_path: Path, name: str) -> None:
    (cad / name).write_text("Item,Part,Qty,Material\n1,Base plate,1,AISI 304\n2,Lever,2,6061-T6\n")
    import_folder(tmp_path / "project", cad)
    assert load_params(Layout(tmp_path / "project").params).catalogue.parts == f"data/parts/{name}"


def test_a_list_among_the_cad_is_taken(cad: Path, tmp_path: Path) -> None:
    (cad / "BOM.csv").write_text("Item,Part,Qty,Material\n1,Base plate,1,AISI 304\n2,Lever,2,6061-T6\n")
    (cad / "prices.csv").write_text("nothing here\n")
    made = import_folder(tmp_path / "project", cad)
    assert (made.is_made, made.part_list.as_posix()) == (False, "data/parts/BOM.csv")
    assert [item.thing for item in made.left_out] == ["prices.csv"]
    root = tmp_path / "project"
    params = load_params(Layout(root).params).catalogue
    assert params.parts == "data/parts/BOM.csv"
    found = make_catalogue(root / params.parts, root)
    assert [(part.part_id, part.material) for part in found.parts] == [
        ("Base-plate", "stainless-steel"),
        ("Lever", "aluminium"),
    ]


def test_what_cannot_be_imported(cad: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="has no CAD file"):
        import_folder(tmp_path / "project", tmp_path / "empty")
    with pytest.raises(UserError, match="does not exist"):
        import_folder(tmp_path / "project", tmp_path / "none")
    with pytest.raises(UserError, match="lies in"):
        import_folder(cad / "project", cad)
    assert not (tmp_path / "project").exists()
