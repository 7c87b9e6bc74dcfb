"""`train.seeds`: several runs of adapt, one model."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train import conftest
from tests.train.conftest import write_renders, write_squares
from train.classifier_onnx import classifier_onnx
from train.model import Model
from train.params import AdaptParams, ProbeParams, TrainParams
from train.stages import adapt, adapt_epochs, evaluate, probe, several_seeds

ONE = conftest.SMALL.model_copy(
    update={
        "steps_per_epoch": 3,
        "probe": ProbeParams(draws=2),
        "adapt": AdaptParams(source_only_share=0.3, fall_back=False),
    }
)
TWO = ONE.model_copy(update={"seeds": 2})
FIRST = ONE.seed


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    project = Layout(tmp_path)
    write_renders(project.renders)
    write_squares(project.squares)
    torch.manual_seed(0)  # the random backbone is drawn here
    probe.run(project, ONE)
    return project


def adapted(layout: Layout, params: TrainParams) -> dict[str, torch.Tensor]:
    adapt.run(layout, params)
    weights: dict[str, torch.Tensor] = load_file(layout.models / "adapt/model.safetensors")
    return weights


def description(layout: Layout) -> dict[str, object]:
    content: dict[str, object] = json.loads((layout.models / "adapt/model.json").read_text())
    return content


def keep_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """What scores say of a run is not the same for every seed."""
    monkeypatch.setattr(adapt_epochs, "still_eligible", lambda seen, **rule: range(len(seen)))
    monkeypatch.setattr(several_seeds, "choose", lambda candidates, *rule: len(candidates) - 1)


def test_several_seeds_answer_with_the_mean_of_what_each_would_say(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_the_last(monkeypatch)
    photo = torch.rand(3, 3, 32, 32)
    singles = []
    for seed in (FIRST, FIRST + 1):
        adapted(layout, ONE.model_copy(update={"seed": seed}))
        singles.append(Model.load(layout.models / "adapt").network(photo, "target")[1])
    assert not torch.equal(*singles)
    adapted(layout, TWO)
    together = Model.load(layout.models / "adapt")
    assert torch.allclose(together.network(photo, "target")[1], (singles[0] + singles[1]) / 2, atol=1e-4)
    kept = description(layout)
    names = [candidate["name"] for candidate in kept["candidates"]]  # type: ignore[attr-defined]
    assert names[0] == "epoch 0" and names[-1] == kept["chosen"] == "2 seeds together" and kept["members"] == 2
    assert [name.split(",")[0] for name in names[1:-1]] == [f"seed {FIRST}", f"seed {FIRST + 1}"]
    evaluation = evaluate.run(layout)
    assert evaluation["photos"] == 6 and 0 <= evaluation["adapted"]["accuracy"] <= 1
    assert [row["name"] for row in evaluation["selection"]["candidates"]] == names
    classifier_onnx(together)  # raises where it answers otherwise


def test_a_run_that_helps_nothing_is_not_asked(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_the_last(monkeypatch)
    second = adapted(layout, ONE.model_copy(update={"seed": FIRST + 1}))
    choices = iter([0, len(json.loads((layout.models / "adapt/model.json").read_text())["candidates"]) - 1])
    monkeypatch.setattr(several_seeds, "choose", lambda *asked: next(choices))
    assert torch.equal(adapted(layout, TWO)["head.weight"], second["head.weight"])
    assert description(layout)["members"] == 1 and description(layout)["adapted"] is True


def test_where_no_run_helps_the_network_stays_as_it_began(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapt_epochs, "still_eligible", lambda seen, **rule: range(len(seen)))
    monkeypatch.setattr(several_seeds, "choose", lambda *asked: 0)
    alone, both = adapted(layout, ONE), adapted(layout, TWO)
    assert all(torch.equal(alone[name], both[name]) for name in alone)
    assert description(layout)["adapted"] is False and "reason" in description(layout)


def test_weights_of_one_network_are_no_model_of_three(layout: Layout) -> None:
    text = json.dumps(json.loads((layout.models / "probe/model.json").read_text()) | {"members": 3})
    (layout.models / "probe/model.json").write_text(text)
    with pytest.raises(UserError, match="damaged or foreign model"):
        Model.load(layout.models / "probe")


def test_a_killed_training_goes_on_with_the_seed_it_was_in(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed = adapted(layout, TWO)
    train, calls = several_seeds.train_candidates, []

    def killed_in_the_second(*asked: object) -> object:
        calls.append(asked)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return train(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(several_seeds, "train_candidates", killed_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        adapt.run(layout, TWO)
    monkeypatch.undo()
    (folder,) = layout.cache.glob("adapt-*")
    (litter := folder / f"seed_{FIRST}/.epoch_0009.tmp").mkdir()
    (litter / "model.safetensors").write_bytes(b"half")
    before = {path: path.stat().st_mtime_ns for path in folder.glob(f"seed_{FIRST}/epoch_*/known.json")}
    capsys.readouterr()

    def rests(*asked: object) -> object:
        store = train(*asked)  # type: ignore[arg-type]
        assert {path: path.stat().st_mtime_ns for path in before} == before  # no epoch of the first seed again
        return store

    monkeypatch.setattr(several_seeds, "train_candidates", rests)
    weights = adapted(layout, TWO)
    assert before and all(torch.equal(weights[name], undisturbed[name]) for name in undisturbed)
    assert not list(layout.cache.glob("adapt-*"))
