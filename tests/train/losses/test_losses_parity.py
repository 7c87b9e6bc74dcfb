"""`python -m train.losses.parity DIR`: right references pass, wrong ones fail, bad folders are said to be bad."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from loss_oracle import Array, make_inputs, values, write_reference

from cad2real.errors import UserError
from train.losses import parity

SHARED = Path(__file__).parents[4] / "shared" / "reference"


@pytest.fixture
def arrays() -> dict[str, Array]:
    """Inputs, and one gradient that the NumPy oracle knows in closed form."""
    arrays = make_inputs(3)
    f = arrays["f_s"]
    arrays["out.afn.delta0.3.grad"] = -2 * 0.3 / len(f) * f / np.linalg.norm(f, axis=1, keepdims=True)
    arrays["out.dann.grad_f_s@0"] = np.zeros_like(f)
    return arrays


def test_right_numbers_pass(tmp_path: Path, arrays: dict[str, Array], capsys: pytest.CaptureFixture[str]) -> None:
    scalars = values(arrays) | {"mcc.one_hot_missing_class": float("nan"), "from.the.future": 1.0}
    write_reference(tmp_path, arrays, scalars)
    assert parity.main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "from.the.future" in printed and "not checked (unknown name)" in printed
    assert f"{len(scalars) + 1} checked, 0 missed, 1 not checked" in printed


@pytest.mark.parametrize("name", values(make_inputs(3)))
def test_a_wrong_scalar_is_a_miss(tmp_path: Path, arrays: dict[str, Array], name: str) -> None:
    scalars = values(arrays)
    scalars[name] *= 1 + 1e-7
    write_reference(tmp_path, arrays, scalars)
    assert [line.name for line in parity.check(tmp_path) if line.missed] == [name]
    assert parity.main([str(tmp_path)]) == 1


def test_an_input_that_a_loss_holds_fixed_has_the_gradient_0(tmp_path: Path, arrays: dict[str, Array]) -> None:
    fixed = {f"out.{name}": np.zeros_like(arrays["g_s"]) for name in ("mdd.margin4.grad_g_s", "cdan.loss.grad_g_s")}
    write_reference(tmp_path, arrays | fixed, values(arrays))
    assert not [line.name for line in parity.check(tmp_path) if line.missed or not line.checked]


def test_inputs_that_are_missing_are_said_aloud(
    tmp_path: Path, arrays: dict[str, Array], capsys: pytest.CaptureFixture[str]
) -> None:
    without = {name: array for name, array in arrays.items() if name != "f_s" and not name.startswith("out.")}
    write_reference(tmp_path, without, values(arrays))
    assert parity.main([str(tmp_path)]) == 0
    assert "known entries not checked, DIR lacks their inputs: " in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("change", ["value", "sign", "shape", "nan"])
def test_a_wrong_gradient_is_a_miss(tmp_path: Path, arrays: dict[str, Array], change: str) -> None:
    name = "out.afn.delta0.3.grad"
    wrong = {
        "value": arrays[name] * (1 + 1e-7),
        "sign": -arrays[name],
        "shape": arrays[name][:3],
        "nan": np.full_like(arrays[name], np.nan),
    }
    write_reference(tmp_path, arrays | {name: wrong[change]}, values(arrays))
    assert [line.name for line in parity.check(tmp_path) if line.missed] == ["afn.delta0.3.grad"]


def test_a_value_where_nan_is_expected_elsewhere_is_a_miss(tmp_path: Path, arrays: dict[str, Array]) -> None:
    scalars = values(arrays) | {"bsp": float("nan"), "mcc.one_hot_missing_class": 0.5}
    write_reference(tmp_path, arrays, scalars)
    assert {line.name for line in parity.check(tmp_path) if line.missed} == {"bsp", "mcc.one_hot_missing_class"}


def test_gradients_by_any_input_are_checked(tmp_path: Path, arrays: dict[str, Array]) -> None:
    p = torch.tensor(arrays["g_t"], requires_grad=True)
    q = torch.softmax(p, 1)
    torch.autograd.backward((q - torch.softmax(torch.tensor(arrays["g_t_adv"]), 1)).abs().mean())
    assert p.grad is not None
    for factor, missed in ((1.0, []), (1.001, ["mcd.discrepancy.grad_g_t"])):
        write_reference(tmp_path, arrays | {"out.mcd.discrepancy.grad_g_t": p.grad.numpy() * factor}, values(arrays))
        assert [line.name for line in parity.check(tmp_path) if line.missed] == missed


def test_float32_references_have_their_own_tolerance(tmp_path: Path, arrays: dict[str, Array]) -> None:
    single = {name: array.astype(np.float32) for name, array in arrays.items()}
    scalars = values(arrays)
    write_reference(tmp_path, single, scalars)  # type: ignore[arg-type]
    assert parity.main([str(tmp_path)]) == 0
    write_reference(tmp_path, single, scalars | {"coral.paper": scalars["coral.paper"] * 1.001})  # type: ignore[arg-type]
    assert parity.main([str(tmp_path)]) == 1


def test_entries_without_their_input_are_not_checked(tmp_path: Path, arrays: dict[str, Array]) -> None:
    scalars = values(arrays)
    del arrays["disc_cdanr.fc1.weight"]
    write_reference(tmp_path, arrays, scalars)
    lines = {line.name: line for line in parity.check(tmp_path)}
    assert not lines["cdan_rand.loss"].checked and "disc_cdanr.fc1.weight" in lines["cdan_rand.loss"].problem
    assert lines["cdan.loss"].checked


def test_bad_folders_are_user_errors(
    tmp_path: Path, arrays: dict[str, Array], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="not a folder"):
        parity.check(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"tllib_reference\.npz does not exist"):
        parity.check(tmp_path)
    write_reference(tmp_path, arrays, {"unknown": 1.0})
    arrays_only_inputs = {name: array for name, array in arrays.items() if not name.startswith("out.")}
    write_reference(tmp_path, arrays_only_inputs, {"unknown": 1.0})
    with pytest.raises(UserError, match="no entry"):
        parity.check(tmp_path)
    (tmp_path / "tllib_reference.json").write_text("{")
    with pytest.raises(UserError, match="json cannot be read"):
        parity.check(tmp_path)
    (tmp_path / "tllib_reference.npz").write_bytes(b"not a zip")
    assert parity.main([str(tmp_path)]) == 1
    assert "npz cannot be read" in capsys.readouterr().err


def test_pickles_are_refused(tmp_path: Path, arrays: dict[str, Array]) -> None:
    write_reference(tmp_path, arrays, values(arrays))
    objects = np.array([{"code": 1}], dtype=object)
    np.savez(tmp_path / "tllib_reference.npz", allow_pickle=True, f_s=objects)
    with pytest.raises(UserError, match="npz cannot be read"):
        parity.check(tmp_path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the reference folder is not beside this checkout")
def test_the_reference_folder_passes() -> None:
    lines = parity.check(SHARED)
    assert not [line for line in lines if line.missed]
    known = {line.name for line in lines if line.checked}
    assert set(json.loads((SHARED / "tllib_reference.json").read_text())["scalars"]) <= known
    assert {line.name.split(".")[0] for line in lines if not line.checked} <= {"lr"}
