"""The farm on Ray gives the same files as the one on this machine, and a lost node loses nothing."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cad2real.errors import UserError
from render.farm import ray_farm
from render.farm.queue import FarmEvents
from render.farm.ray_cluster import Cluster, allocate, connected
from render.farm.ray_farm import cad_files
from render.job import Job
from render.parts.catalogue import Part
from render.stage import FarmOptions, render_parts
from render.views.settings import RenderSettings

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
try:
    import ray
    from ray.cluster_utils import Cluster as TwoNodes
except ImportError:
    ray = None

needs_ray = pytest.mark.skipif(ray is None, reason="Ray is not installed: pip install '.[ray]'")


@pytest.fixture
def nodes() -> Iterator[TwoNodes]:
    """A head without cores and two nodes of one core, all on this machine."""
    nodes = TwoNodes()
    try:
        for cores in (0, 1, 1):
            nodes.add_node(num_cpus=cores, include_dashboard=False)
        ray.init(address=nodes.address, log_to_driver=False)
    except Exception as error:  # its processes have a quarter of a minute to find each other
        nodes.shutdown()
        pytest.skip(f"Ray does not start on a machine as loaded as this: {error}")
    yield nodes
    ray.shutdown()
    nodes.shutdown()


def files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.glob("*/*"))}


@needs_ray
def test_the_same_files_as_on_this_machine(
    nodes: TwoNodes, parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    render_parts(parts, tmp_path, settings, here, FarmOptions(tmp_path / "logs", 1))
    assert allocate("auto", 5, "cpu").renderers == 2

    (tmp_path / "bad.stl").write_bytes(b"no mesh any more")
    bad = replace(parts[0], part_id="bad", file="bad.stl")
    outcome = render_parts(
        [*parts, bad], tmp_path, settings, there, FarmOptions(tmp_path / "logs", "auto", "cpu", Cluster())
    )
    assert files(there) == files(here)
    assert (outcome.rendered, outcome.devices) == (("plate", "rod"), ("CPU",))
    (lost,) = outcome.failed
    assert lost.thing == "bad"
    assert "bad.stl" in lost.reason
    assert "--- plate" in "".join(log.read_text() for log in (tmp_path / "logs").glob("renderer_*.log"))


@needs_ray
def test_a_lost_nodes_part_is_rendered_by_another(
    nodes: TwoNodes, parts: list[Part], settings: RenderSettings, tmp_path: Path
) -> None:
    settings = replace(settings, views=12)
    jobs = [Job(part, tmp_path / part.file, settings, 1, tmp_path / f"{part.part_id}.tmp", "cpu") for part in parts]
    views, lost = Counter[str](), dict[str, str]()
    done: dict[str, int] = {}

    def lose_a_node(job: Job) -> None:
        views[job.part.part_id] += 1
        if len(views) == 2 and len(nodes.worker_nodes) == 2:  # both are at work
            nodes.remove_node(next(iter(nodes.worker_nodes)), allow_graceful=False)

    events = FarmEvents(
        view_done=lose_a_node,
        part_done=lambda job, device: done.update({job.part.part_id: len(list(job.folder.iterdir()))}),
        part_lost=lambda job, reason: lost.update({job.part.part_id: reason}),
    )
    ray_farm.run(jobs, "auto", Cluster(), tmp_path / "logs", 120.0, events)
    assert len(nodes.worker_nodes) == 1
    assert (done, lost) == ({"plate": 13, "rod": 13}, {})  # twelve views and part.json
    assert views.total() > 24  # some were rendered twice


def test_without_ray_the_remedy_is_settings_content(
    parts: list[Part], settings: RenderSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install '\.\[ray\]'"):
        render_parts(
            parts, tmp_path, settings, tmp_path / "renders", FarmOptions(tmp_path / "logs", 1, "cpu", Cluster())
        )


@needs_ray
@pytest.mark.parametrize(("address", "said"), [("127.0.0.1:1", "does not answer"), ("ray://h:10001", "Ray's client")])
def test_a_cluster_that_cannot_be_used_is_said_at_once(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said), connected(Cluster(address)):
        pass


def test_files_that_a_cad_file_needs_go_with_it(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "secret.bin").write_bytes(b"secret")
    (tmp_path / "part" / "points.bin").write_bytes(b"points")
    buffers = [{"uri": "points.bin"}, {"uri": "../secret.bin"}, {"uri": "data:;base64,AAAA"}, {"uri": "none.bin"}, {}]
    (tmp_path / "part" / "a.gltf").write_text(json.dumps({"buffers": buffers}))
    assert sorted(cad_files(tmp_path / "part" / "a.gltf")) == ["a.gltf", "points.bin"]
    (tmp_path / "part" / "b.gltf").write_text("[]")
    assert list(cad_files(tmp_path / "part" / "b.gltf")) == ["b.gltf"]
