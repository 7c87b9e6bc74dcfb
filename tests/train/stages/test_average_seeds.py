"""`train.seeds`: several runs of adapt, one model."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cad2real.layout import Layout
from tests.train import conftest
from tests.train.conftest import write_renders, write_squares
from train.params import AdaptParams, ProbeParams, TrainParams
from train.stages import adapt, adapt_epochs, average_seeds, probe

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


def test_the_average_is_the_mean_of_what_each_seed_would_have_kept(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapt_epochs, "still_eligible", lambda seen, **rule: range(len(seen)))
    for module in (adapt, average_seeds):  # what scores say of a run is not the same for every seed
        monkeypatch.setattr(module, "choose", lambda candidates, *rule: len(candidates) - 1)
    singles = [adapted(layout, ONE.model_copy(update={"seed": seed})) for seed in (FIRST, FIRST + 1)]
    assert not torch.equal(singles[0]["head.weight"], singles[1]["head.weight"])
    both = adapted(layout, TWO)
    learned = [name for name in both if name.startswith(("backbone.", "head.")) and both[name].is_floating_point()]
    for name in learned:
        assert torch.allclose(both[name], (singles[0][name] + singles[1][name]) / 2, atol=1e-6)
    kept = description(layout)
    names = [candidate["name"] for candidate in kept["candidates"]]  # type: ignore[attr-defined]
    assert names[0] == "epoch 0" and names[-1] == kept["chosen"] == "average of 2 seeds"
    assert [name.split(",")[0] for name in names[1:-1]] == [f"seed {FIRST}", f"seed {FIRST + 1}"]


def test_a_run_that_looks_better_than_the_average_is_kept(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapt_epochs, "still_eligible", lambda seen, **rule: range(len(seen)))
    for module in (adapt, average_seeds):
        monkeypatch.setattr(module, "choose", lambda candidates, *rule: len(candidates) - 1)
    second = adapted(layout, ONE.model_copy(update={"seed": FIRST + 1}))
    monkeypatch.setattr(adapt, "choose", lambda candidates, *rule: 2)
    assert torch.equal(adapted(layout, TWO)["head.weight"], second["head.weight"])


def test_a_killed_training_goes_on_with_the_seed_it_was_in(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed = adapted(layout, TWO)
    train, calls = average_seeds.train_candidates, []

    def killed_in_the_second(*asked: object) -> object:
        calls.append(asked)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return train(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(average_seeds, "train_candidates", killed_in_the_second)
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

    monkeypatch.setattr(average_seeds, "train_candidates", rests)
    weights = adapted(layout, TWO)
    assert before and all(torch.equal(weights[name], undisturbed[name]) for name in undisturbed)
    assert not list(layout.cache.glob("adapt-*"))


def test_where_one_seed_alone_helps_nothing_is_averaged(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = iter([1, 0])
    monkeypatch.setattr(average_seeds, "choose", lambda *asked: next(choices))
    adapt.run(layout, TWO)
    assert len(description(layout)["candidates"]) == 2  # type: ignore[arg-type]
