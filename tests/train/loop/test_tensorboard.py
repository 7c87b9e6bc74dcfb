"""TensorBoard gets the numbers of each epoch where it is asked for, and nothing is written where it is not."""

import pytest

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train.conftest import SMALL
from train.loop import tensorboard
from train.loop.tensorboard import TensorBoardLog
from train.stages import adapt, probe

LOGGED = SMALL.model_copy(update={"tensorboard": True})


def scalars(folder) -> dict[str, list[tuple[int, float]]]:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_a_run_logs_its_losses_and_scores_by_epoch(project: Layout) -> None:
    pytest.importorskip("tensorboard")
    probe.run(project, SMALL)
    description = adapt.run(project, LOGGED)
    (run,) = (project.logs / "tensorboard").iterdir()
    found = scalars(run)
    kept = [entry["scores"] for entry in description["candidates"]]
    for tag, name in (("score/information_maximisation", "information_maximisation"), ("loss/source", "loss_source")):
        expected = [(epoch, scores[name]) for epoch, scores in enumerate(kept) if name in scores]
        assert len(expected) >= SMALL.epochs
        assert [step for step, _ in found[tag]] == [epoch for epoch, _ in expected]
        assert [value for _, value in found[tag]] == pytest.approx([value for _, value in expected])


def test_what_is_no_number_is_left_out(tmp_path) -> None:
    pytest.importorskip("tensorboard")
    layout = Layout(tmp_path)
    TensorBoardLog(layout, LOGGED, "run").log(1, {"snd": float("nan"), "bnm": 0.5})
    assert scalars(layout.logs / "tensorboard" / "run") == {"score/bnm": [(1, 0.5)]}


def test_without_being_asked_nothing_is_written(tmp_path) -> None:
    TensorBoardLog(Layout(tmp_path), SMALL, "run").log(1, {"bnm": 0.5})
    assert not list(tmp_path.iterdir())


def test_where_tensorboard_is_missing_one_line_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    with pytest.raises(UserError) as raised:
        TensorBoardLog(Layout(tmp_path), LOGGED, "run")
    assert "not installed" in raised.value.what and "tensorboard" in raised.value.remedy
