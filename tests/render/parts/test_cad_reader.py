"""CAD of strangers: a file that ends, stops or fills its reader is one skipped part with its name; the next is read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from cad2real.errors import UserError
from render.parts import cad_reader
from render.parts.cad_reader import LIMITS, CadReader, Measured
from render.parts.catalogue import make_catalogue
from render.parts.geometry import GeometryError, load_geometry
from tests.peak_memory import printed_and_peak_mb

PARTS = Path(__file__).parents[3] / "data" / "parts"
WASHER = PARTS / "washer_m10.step"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    trimesh.creation.box((10, 20, 30)).export(tmp_path / "box.stl")
    return tmp_path / "box.stl"


def test_it_measures_what_the_same_process_would(box: Path) -> None:
    with CadReader() as reader:
        assert reader.measure(box, "cm") == Measured((100, 200, 300), 12)
        washer = reader.measure(WASHER, "mm")
    here = load_geometry(WASHER, "mm")
    assert washer.size_mm == pytest.approx(here.size_mm)
    assert washer.triangles == here.triangles


def test_a_lost_reader_is_replaced_and_the_file_named(box: Path) -> None:
    with CadReader() as reader:
        reader.measure(box, "mm")
        process = reader.process._process
        assert process is not None
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)  # so that it is still there when the file is sent
        os.kill(process.pid, signal.SIGSEGV)
        os.kill(process.pid, signal.SIGCONT)
        with pytest.raises(GeometryError, match=r"box.stl: .*crashed.*SIGSEGV"):
            for _ in range(3):  # the signal may come before or after an answer
                reader.measure(box, "mm")
        assert reader.measure(box, "mm") == Measured((10, 20, 30), 12)


def test_a_file_that_takes_too_long_or_too_much_is_given_up(tmp_path: Path, box: Path) -> None:
    many = trimesh.creation.icosphere(7)  # 327,680 triangles
    many.export(tmp_path / "many.stl")
    with CadReader(replace(LIMITS, memory=40_000_000)) as reader:
        with pytest.raises(GeometryError, match=r"many.stl: takes more than .* GB of memory"):
            reader.measure(tmp_path / "many.stl", "mm")
        assert reader.measure(box, "mm") == Measured((10, 20, 30), 12)
    with (
        CadReader(replace(LIMITS, wall_s=0.01)) as reader,
        pytest.raises(GeometryError, match=r"many.stl: was not read after"),
    ):
        reader.measure(tmp_path / "many.stl", "mm")


def test_damaged_step_files_are_each_one_skipped_part(tmp_path: Path) -> None:
    """Some of these end the process that reads them."""
    rng = np.random.default_rng(1)
    original = WASHER.read_bytes()
    start = original.index(b"DATA;")
    (tmp_path / "good.step").write_bytes(original)
    rows = ["part_id,file", "good,good.step"]
    for number in range(6):
        data = bytearray(original)
        for place in rng.integers(start, len(data), 8):
            data[place] = int(rng.integers(32, 127))
        (tmp_path / f"bad{number}.step").write_bytes(data)
        rows.append(f"bad{number},bad{number}.step")
    (tmp_path / "parts.csv").write_text("\n".join([*rows, "last,good.step"]) + "\n")
    made = make_catalogue(tmp_path / "parts.csv", tmp_path)
    named = [part.part_id for part in made.parts] + [item.thing for item in made.skipped]
    assert sorted(named) == sorted(row.split(",")[0] for row in (tmp_path / "parts.csv").read_text().split()[1:])
    assert {"good", "last"} <= {part.part_id for part in made.parts}
    assert all(item.thing in item.reason for item in made.skipped)


def step_with(tmp_path: Path, line: bytes) -> Path:
    path = tmp_path / "washer.step"
    path.write_bytes(WASHER.read_bytes().replace(b"DATA;", b"DATA;\n" + line, 1))
    return path


def test_a_point_that_belongs_to_nothing_makes_no_part_coarser(tmp_path: Path) -> None:
    stray = step_with(tmp_path, b"#99001=CARTESIAN_POINT('',(1.0E9,0.,0.));")
    assert load_geometry(stray, "mm").triangles == load_geometry(WASHER, "mm").triangles


def test_points_that_are_no_numbers_are_refused_at_once(tmp_path: Path) -> None:
    line = b"#99001=CARTESIAN_POINT('',(nan,0.,0.));\n#99002=VERTEX_POINT('',#99001);"
    with pytest.raises(GeometryError, match="not numbers"):
        load_geometry(step_with(tmp_path, line), "mm")


def test_a_text_without_end_is_searched_in_linear_time(tmp_path: Path) -> None:
    path = tmp_path / "long.step"
    path.write_bytes(b"ISO-10303-21;\n" + b"#1=CARTESIAN_POINT" * 200_000 + b"(" * 200_000 + b"#" * 200_000)
    with CadReader(replace(LIMITS, cpu_s=20)) as reader, pytest.raises(GeometryError, match=r"long\.step"):
        reader.measure(path, "mm")


BUSY = """
from pathlib import Path
from render.parts import cad_reader, step_files
step_files.TOLERANCE, step_files.COARSER = 1e-10, ((1, 1),)
if __name__ == "__main__":
    with cad_reader.CadReader() as reader:
        reader.process.start()
        print(reader.process._process.pid, flush=True)
        reader.measure(Path("fine.step"), "mm")
"""


def test_a_busy_reader_ends_with_its_parent(tmp_path: Path) -> None:
    """Far too fine triangles keep the reader busy for minutes, in a library that lets no other thread work."""
    (tmp_path / "fine.step").write_bytes((PARTS / "hex_bolt_m8x40.step").read_bytes())
    (tmp_path / "busy.py").write_text(BUSY)
    environment = os.environ | {"PYTHONPATH": str(PARTS.parents[1])}
    with subprocess.Popen(
        [sys.executable, "busy.py"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        reader = Path("/proc") / parent.stdout.readline().strip() / "stat"
        time.sleep(2)
        parent.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and reader.exists() and reader.read_text().split()[2] != "Z":
        time.sleep(0.05)
    assert not reader.exists() or reader.read_text().split()[2] == "Z"


def test_a_reader_that_does_not_start_blames_no_file(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cad_reader, "prepare", os._exit)
    with CadReader() as reader, pytest.raises(UserError, match="does not start"):
        reader.measure(box, "mm")


def test_a_step_file_that_was_cut_off_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "half.step").write_bytes(WASHER.read_bytes()[:2000])
    with pytest.raises(GeometryError) as refused:
        load_geometry(tmp_path / "half.step", "mm")
    assert "no shape in it can be read" in str(refused.value)
    assert "/tmp" not in str(refused.value)


def test_what_a_large_file_took_is_no_loss_of_the_next(tmp_path: Path, box: Path) -> None:
    """Not all of it is given back: after files of 3 GB a washer was said to take more than 4 GB."""
    trimesh.creation.icosphere(7).export(tmp_path / "many.stl")
    with CadReader(replace(LIMITS, memory=1024**3)) as reader:
        assert reader.measure(box, "mm").triangles == 12
        kept = reader.process._process
        assert kept is not None and reader.measure(WASHER, "mm").triangles and reader.process._process is kept
        assert reader.measure(tmp_path / "many.stl", "mm").triangles == 327_680
        assert reader.measure(WASHER, "mm").triangles
        assert reader.process._process is not kept and kept.exitcode is not None


def test_a_3mf_without_room_is_too_large_and_not_damaged(tmp_path: Path) -> None:
    vertices = '<vertex x="0" y="0" z="0"/>' * 1_000_000
    model = (
        f'<model><resources><object id="1"><mesh><vertices>{vertices}</vertices></mesh></object></resources></model>'
    )
    with zipfile.ZipFile(tmp_path / "a.3mf", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", model)
    with (
        CadReader(replace(LIMITS, memory=200_000_000)) as reader,
        pytest.raises(GeometryError, match=r"a\.3mf: takes more than"),
    ):
        reader.measure(tmp_path / "a.3mf", "mm")


def test_a_process_holds_to_its_limit_of_memory() -> None:
    """What Blender and the reader of USD set for themselves."""
    script = (
        "from cad2real.process_limits import limit_memory, most_reserved\n"
        "reserved = most_reserved()\n"
        "limit_memory(200_000_000)\n"
        "kept = bytearray(100_000_000)\n"
        "assert 100_000_000 < most_reserved() - reserved < 200_000_000\n"
        "try:\n    bytearray(150_000_000)\nexcept MemoryError:\n    print('held')\n"
    )
    printed, _ = printed_and_peak_mb(script)
    assert printed == "held"


def test_files_that_no_disk_can_give_are_each_one_skipped_part(tmp_path: Path, box: Path) -> None:
    """A sparse file of a terabyte, one that cannot be opened, and a glTF whose triangles are such."""
    with (tmp_path / "huge.stl").open("wb") as file:
        file.truncate(10**12)
    (tmp_path / "huge.bin").symlink_to("huge.stl")
    (tmp_path / "far.gltf").write_text('{"asset": {"version": "2.0"}, "buffers": [{"uri": "huge.bin"}]}')
    (tmp_path / "mem.stl").symlink_to("/proc/self/mem")  # leads out of the folder
    rows = ["part_id,file", "good,box.stl", "huge,huge.stl", "far,far.gltf", "mem,mem.stl"]
    (tmp_path / "parts.csv").write_text("\n".join(rows))
    made = make_catalogue(tmp_path / "parts.csv", tmp_path)
    assert [part.part_id for part in made.parts] == ["good"]
    assert {item.thing for item in made.skipped} == {"huge", "far", "mem"}


def test_a_disk_that_fails_names_the_file(tmp_path: Path, box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parts.csv").write_text("part_id,file\ngood,box.stl\nbad,bad.stl\n")
    (tmp_path / "bad.stl").write_bytes(box.read_bytes())
    opened = Path.open

    def fail(path: Path, *arguments: object, **named: object) -> object:
        if path.name == "bad.stl":
            raise OSError(5, "Input/output error")
        return opened(path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", fail)
    made = make_catalogue(tmp_path / "parts.csv", tmp_path)
    assert [part.part_id for part in made.parts] == ["good"]
    assert "bad.stl: cannot be read (Input/output error)" in made.skipped[0].reason
