"""The backbone runs once for each render and change of it; another head takes what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from cad2real.layout import Layout
from tests.train.conftest import SMALL
from train.networks.inference import Inference
from train.params import ProbeParams, TrainParams
from train.stages import probe


def kept(project: Layout) -> list[Path]:
    return sorted(project.cache.glob("features-*.safetensors"))


def model(project: Layout) -> bytes:
    return (project.models / "probe" / "model.safetensors").read_bytes()


def with_head(head: str, **changes: object) -> TrainParams:
    return SMALL.model_copy(update={"probe": ProbeParams(draws=2, head=head), **changes})


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many batches went through the backbone."""
    seen: list[int] = []
    pooled = Inference.pooled

    def watched(self: Inference, batches: list[object]) -> object:
        seen.append(len(batches))
        return pooled(self, batches)  # type: ignore[arg-type]

    monkeypatch.setattr(Inference, "pooled", watched)
    return seen


def test_another_head_needs_no_look_at_the_renders(project: Layout, looks: list[int]) -> None:
    probe.run(project, with_head("svm"))
    expected = model(project)
    (features,) = kept(project)
    features.unlink()
    looks.clear()
    probe.run(project, with_head("logistic_regression"))
    assert looks
    looks.clear()
    probe.run(project, with_head("svm"))
    assert not looks and model(project) == expected  # as if it had looked


@pytest.mark.parametrize("change", ["seed", "draws", "augment", "render"])
def test_what_changes_the_features_makes_them_anew(project: Layout, looks: list[int], change: str) -> None:
    params = with_head("svm")
    probe.run(project, params)
    before = kept(project)
    changes: dict[str, object] = {}
    if change == "seed":
        changes = {"seed": 5}
    elif change == "draws":
        changes = {"probe": ProbeParams(draws=1, head="svm")}
    elif change == "augment":
        changes = {"source_augment": params.source_augment.model_copy(update={"jitter": 0.1})}
    else:
        first, second = sorted(project.renders.glob("*/view_000.png"))[:2]
        first.write_bytes(second.read_bytes())
    looks.clear()
    probe.run(project, params.model_copy(update=changes))
    assert looks and len(kept(project)) == 1 and kept(project) != before


def test_a_damaged_file_is_made_anew(project: Layout, looks: list[int]) -> None:
    probe.run(project, with_head("svm"))
    expected, (features,) = model(project), kept(project)
    whole = features.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"\x80\x04 no pickle is read"):
        features.write_bytes(damaged)
        looks.clear()
        probe.run(project, with_head("svm"))
        assert looks and model(project) == expected and features.read_bytes() == whole
