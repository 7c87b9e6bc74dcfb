"""The farm and a whole run, with real Blender on tiny pictures: what is kept, what is lost, and only that."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cad2real.errors import UserError
from render.farm import local_farm
from render.farm.queue import FarmEvents
from render.job import Job
from render.parts.catalogue import Part
from render.stage import FarmOptions, render_parts
from render.views.settings import RenderSettings


def pixels(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.glob("*/*"))}


@pytest.fixture
def rendered(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> Path:
    out = tmp_path / "renders"
    outcome = render_parts(parts, tmp_path, settings, out, FarmOptions(tmp_path / "logs", 1))
    assert outcome.rendered == ("plate", "rod")
    return out


def test_a_run_from_start_to_end(rendered: Path, parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    described = json.loads((rendered / "plate" / "part.json").read_text())
    assert described["material"] == "brass brushed"
    assert [view["file"] for view in described["views"]] == ["view_000.png", "view_001.png", "view_002.png"]
    for view in described["views"]:
        picture = Image.open(rendered / "plate" / view["file"])
        assert (picture.size, picture.mode) == ((48, 48), "RGBA")
        alpha = np.asarray(picture)[..., 3]
        rows, columns = np.nonzero(alpha)
        assert view["box"] == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        # The corners of the part, projected with the written matrices, span the picture's box.
        box = np.array(view["box"])
        corners = np.array([[x, y, z] for x in (-20, 20) for y in (-10, 10) for z in (-1, 1)]) / 1000
        corners = np.concatenate([corners, [[x / 1000, 0, 0.011] for x in (4, 12)]])
        matrix = np.array(view["extrinsics"])
        seen = np.array(view["intrinsics"]) @ (matrix[:, :3] @ corners.T + matrix[:, 3:])
        span = seen[:2] / seen[2]
        assert np.all(span.min(1) >= box[:2] - 2)
        assert np.all(span.max(1) <= box[2:] + 2)
        assert max(box[2] - box[0], box[3] - box[1]) == pytest.approx(0.85 * 48, abs=3)  # the pixel filter widens it

    listed = json.loads((rendered / "renders.json").read_text())
    assert (listed["parts"], listed["failed"], list(listed["contents"])) == (["plate", "rod"], [], ["plate", "rod"])

    # The same again renders nothing; a changed part is rendered alone; a part that left is removed.
    before = pixels(rendered)
    outcome = render_parts(parts, tmp_path, settings, rendered, FarmOptions(tmp_path / "logs", 1))
    assert (outcome.rendered, outcome.reused) == ((), ("plate", "rod"))
    assert pixels(rendered) == before
    changed = [parts[0], replace(parts[1], color="red")]
    outcome = render_parts(changed, tmp_path, settings, rendered, FarmOptions(tmp_path / "logs", 1))
    assert (outcome.rendered, outcome.reused) == (("rod",), ("plate",))
    render_parts(changed[1:], tmp_path, settings, rendered, FarmOptions(tmp_path / "logs", 1))
    assert not (rendered / "plate").exists()


def test_pixels_do_not_depend_on_the_workers(
    rendered: Path, parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    render_parts(parts[::-1], tmp_path, settings, other, FarmOptions(tmp_path / "logs", 2))
    assert pixels(other) == pixels(rendered)


def test_a_part_that_cannot_be_read_is_lost_alone(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    (tmp_path / "rod.stl").write_bytes(b"no longer a mesh")
    out = tmp_path / "renders"
    outcome = render_parts(parts, tmp_path, replace(settings, views=1), out, FarmOptions(tmp_path / "logs", 1))
    assert outcome.rendered == ("plate",)
    assert [item.thing for item in outcome.failed] == ["rod"]
    assert "rod.stl" in outcome.failed[0].reason
    assert not (out / "rod").exists()
    with pytest.raises(UserError, match="None of the 1 part"):
        render_parts(parts[1:], tmp_path, settings, out, FarmOptions(tmp_path / "logs", 1))


def test_two_runs_into_one_folder(parts: list[Part], settings: RenderSettings, tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".renders.lock"), pytest.raises(UserError, match="Another run"):
        render_parts(parts, tmp_path, settings, tmp_path / "renders", FarmOptions(tmp_path / "logs", 1))


def test_a_full_disk_is_said_before_anything_is_rendered(
    parts: list[Part], settings: RenderSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(UserError, match="GB free"):
        render_parts(parts, tmp_path, settings, tmp_path / "renders", FarmOptions(tmp_path / "logs", 1))


def run_farm(
    parts: list[Part], settings: RenderSettings, folder: Path, on_view: Callable[[str], None], limit_s: float
) -> Reported:
    """Runs one worker; `on_view` is called with the part's id while its worker goes on to the next view."""
    jobs = [Job(part, folder / part.file, settings, 1, folder / f"{part.part_id}.tmp") for part in parts]
    reported = Reported([], {})
    events = FarmEvents(
        view_done=lambda job: on_view(job.part.part_id),
        part_done=lambda job, device: reported.done.append(job.part.part_id),
        part_lost=lambda job, reason: reported.lost.update({job.part.part_id: reason}),
    )
    local_farm.run(jobs, 1, folder / "logs", limit_s, events)
    return reported


@dataclass
class Reported:
    done: list[str]
    lost: dict[str, str]


def signal_worker(number: signal.Signals) -> None:
    # A process of other tests that reads files may still be there.
    (worker,) = (child for child in multiprocessing.active_children() if child.name.startswith("renderer"))
    assert worker.pid
    os.kill(worker.pid, number)


def test_a_renderer_that_always_dies_loses_only_its_part(
    parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    def kill_at_the_plate(part_id: str) -> None:
        if part_id == "plate":
            signal_worker(signal.SIGKILL)

    reported = run_farm(parts, settings, tmp_path, kill_at_the_plate, 120.0)
    assert reported.done == ["rod"]
    assert "died (exit code -9)" in reported.lost["plate"]


def test_a_renderer_that_hangs_is_ended_and_its_part_tried_again(
    parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    stopped: list[str] = []

    def stop_once(part_id: str) -> None:
        if not stopped:
            stopped.append(part_id)
            signal_worker(signal.SIGSTOP)

    reported = run_farm(parts, settings, tmp_path, stop_once, 45.0)
    assert stopped == ["plate"]
    assert (sorted(reported.done), reported.lost) == (["plate", "rod"], {})


RUN = """
import sys
from pathlib import Path
from render.parts.catalogue import make_catalogue
from render.params import RenderParams
from render.views.settings import make_settings
from render.stage import FarmOptions, render_parts
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    parts = list(make_catalogue(folder / "parts.csv", folder).parts)
    settings = make_settings(RenderParams(views=6, size=48, quality="draft"), parts, folder)
    print(render_parts(parts, folder, settings, folder / "renders", FarmOptions(folder / "logs", 1)), flush=True)
"""


def test_kill_9_loses_no_finished_part_and_leaves_no_litter(parts: list[Part], tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(RUN)
    command = [sys.executable, str(tmp_path / "run.py"), str(tmp_path)]
    out = tmp_path / "renders"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen(command, start_new_session=True, env=environment)
    deadline = time.monotonic() + 240
    while not (out / "plate").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert (out / "plate" / "part.json").is_file()
    assert not (out / "rod").exists()
    kept = {path: path.stat().st_mtime_ns for path in (out / "plate").iterdir()}
    again = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=240)
    assert "rendered=('rod',), reused=('plate',)" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in (out / "plate").iterdir()} == kept
    assert not list(out.glob(".*"))
