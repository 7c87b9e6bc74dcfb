"""Checks the losses, validators and gap metrics against a folder of reference numbers.

    python -m train.losses.parity DIR

DIR holds `tllib_reference.npz` (inputs, fixed discriminators, `out.<name>` arrays) and `tllib_reference.json`
(`scalars`: name -> value), and may hold `validators_reference.npz` and `.json`. Prints name, ours, reference and
relative error of every entry; exits 1 if one misses its tolerance. Names that are not known here are listed as not
checked.
"""

from __future__ import annotations

import argparse
import functools
import re
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cad2real.errors import UserError
from cad2real.files import read_json
from train.losses import parity_selection, parity_values
from train.losses.parity_values import Array, Inputs, MissingInputError, Rule, Value

# Relative to the largest magnitude of the entry, but never to less than the floor (entries that are 0).
TOLERANCE, FLOOR = 1e-9, 1e-6
FLOAT32_TOLERANCE, FLOAT32_FLOOR = 1e-5, 1e-3
FLOAT32_KERNEL_TOLERANCE = 2e-4
_KERNELS_AND_SPECTRA = re.compile(r"(mkmmd|jmmd|mmd|kernel|bsp)\b")
# Made by the reference in float32 whatever the inputs are.
_ALWAYS_FLOAT32 = re.compile(r"(im|bnm)\.(onehot_balanced|collapsed|collapsed_one_class|uniform)")
# 0/0 in the reference implementation; ours is defined: a class without probability adds no confusion.
_UNDEFINED_THERE = {"mcc.one_hot_missing_class": 0.0}


UNKNOWN = "unknown name"


@dataclass(frozen=True)
class Line:
    """One entry: `error` is relative; `problem` says why there is no error; not `checked` is no failure."""

    name: str
    ours: str = ""
    reference: str = ""
    error: float = 0.0
    tolerance: float = TOLERANCE
    problem: str = ""
    checked: bool = True

    @property
    def missed(self) -> bool:
        return self.checked and (bool(self.problem) or not self.error <= self.tolerance)


def relative_error(ours: Array, reference: Array, floor: float) -> float:
    """Largest difference over the largest magnitude of the reference (or `floor`); infinite where not finite or of
    another shape.
    """
    if ours.shape != reference.shape or not np.isfinite(ours).all() or not np.isfinite(reference).all():
        return float("inf")
    if not reference.size:
        return 0.0
    return float(np.abs(ours - reference).max() / max(np.abs(reference).max(), floor))


def _as_array(value: Value) -> Array:
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    return np.asarray(value, dtype=np.float64)


def _shown(array: Array) -> str:
    """A scalar in full; of an array its shape and norm."""
    if array.ndim == 0:
        return f"{float(array):.12g}"
    return f"{'x'.join(map(str, array.shape))} |.|={np.linalg.norm(array.ravel()):.9g}"


def _computed_by(name: str, rules: Sequence[tuple[str, Rule]]) -> Callable[[Inputs], Value] | None:
    """What computes `name`: a rule, or the gradient of a rule's scalar by an input (`<name>.grad_<input>`)."""
    for pattern, rule in rules:
        if match := re.fullmatch(pattern, name):
            return functools.partial(_applied, rule, match)
    value, _, variable = name.rpartition(".grad_")
    if not value or (scalar := _computed_by(value, rules)) is None:
        return None
    return functools.partial(_gradient, scalar, variable)


def _applied(rule: Rule, match: re.Match[str], inputs: Inputs) -> Value:
    return rule(inputs, match)


def _gradient(scalar: Callable[[Inputs], Value], variable: str, inputs: Inputs) -> Value:
    fresh = Inputs(inputs.arrays, inputs.precision, variable)
    value = scalar(fresh)
    if not isinstance(value, torch.Tensor) or variable not in fresh.leaves:
        raise MissingInputError(variable)
    leaf = fresh.leaves[variable]
    if not value.requires_grad:  # a loss that holds this input fixed
        return torch.zeros_like(leaf)
    return torch.autograd.grad(value, leaf, allow_unused=True, materialize_grads=True)[0]


def _compare(name: str, rules: Sequence[tuple[str, Rule]], inputs: Inputs, reference: Array) -> Line:
    plain = name.replace(".fp32", "")
    computed = _computed_by(plain, rules)
    if computed is None:
        return Line(name, reference=_shown(reference), problem=UNKNOWN, checked=False)
    single = plain != name or inputs.single
    low = single or _ALWAYS_FLOAT32.fullmatch(plain) is not None
    floor, tolerance = (FLOAT32_FLOOR, FLOAT32_TOLERANCE) if low else (FLOOR, TOLERANCE)
    if low and _KERNELS_AND_SPECTRA.match(plain):
        tolerance = FLOAT32_KERNEL_TOLERANCE
    if plain != name:
        inputs = Inputs(inputs.arrays, torch.float32)
    try:
        ours = _as_array(computed(inputs))
    except MissingInputError as missing:
        return Line(name, reference=_shown(reference), problem=f"there is no input {missing}", checked=False)
    except (RuntimeError, ValueError, IndexError) as error:
        return Line(name, reference=_shown(reference), problem=f"cannot be computed: {error}".splitlines()[0])
    if name in _UNDEFINED_THERE and np.isnan(reference).all():
        off = relative_error(ours, np.asarray(_UNDEFINED_THERE[name]), floor)
        return Line(name, _shown(ours), "nan (0/0 there, defined as 0 here)", off, tolerance)
    return Line(name, _shown(ours), _shown(reference), relative_error(ours, reference, floor), tolerance)


def _read(folder: Path, stem: str) -> tuple[dict[str, Array], dict[str, float]]:
    """The arrays and scalars of one pair of files."""
    archive, table = folder / f"{stem}.npz", folder / f"{stem}.json"
    for path in (archive, table):
        if not path.is_file():
            raise UserError(f"{path} does not exist.", f"The folder needs {stem}.npz and {stem}.json.")
    try:
        with np.load(archive, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise UserError(f"{archive} cannot be read: {error}.", "It must be an npz file of plain arrays.") from error
    try:
        content: Any = read_json(table)
        scalars = {
            str(name): float("nan") if value is None else float(value) for name, value in content["scalars"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{table} cannot be read: {error}.", "It must have an object 'scalars' of name -> number."
        ) from error
    return arrays, scalars


def check(folder: Path) -> list[Line]:
    """All entries of the reference folder. Raises UserError where a file is missing or cannot be read."""
    if not folder.is_dir():
        raise UserError(
            f"{folder} is not a folder.", "Give the folder with tllib_reference.npz and tllib_reference.json."
        )
    sets = [("tllib_reference", parity_values.RULES)]
    if any((folder / f"validators_reference.{suffix}").exists() for suffix in ("npz", "json")):
        sets.append(("validators_reference", parity_selection.RULES))
    lines = []
    for stem, rules in sets:
        arrays, scalars = _read(folder, stem)
        inputs = Inputs(arrays)
        entries: dict[str, Array] = {name: np.asarray(value) for name, value in scalars.items()}
        for name, array in arrays.items():
            if name == "out.grl.iters":  # an input
                continue
            if name.startswith("out."):
                entries[name.removeprefix("out.")] = array
            elif stem == "validators_reference" and parity_selection.STORED.fullmatch(name):
                entries[name] = array
        lines += [_compare(name, rules, inputs, array) for name, array in entries.items()]
    if not any(line.checked for line in lines):
        raise UserError(f"{folder} has no entry that could be checked.", "Are the names those of the reference format?")
    return lines


def _print(lines: list[Line]) -> None:
    width = max(len(line.name) for line in lines)
    print(f"{'name':<{width}}  {'ours':<34}  {'reference':<34}  relative error")
    for line in lines:
        if not line.checked:
            verdict = f"not checked ({line.problem})"
        elif line.problem:
            verdict = f"MISS: {line.problem}"
        else:
            verdict = f"{line.error:.2e}" + (f"  MISS (tolerance {line.tolerance:g})" if line.missed else "")
        print(f"{line.name:<{width}}  {line.ours:<34}  {line.reference:<34}  {verdict}")
    missed = [line.name for line in lines if line.missed]
    checked = sum(line.checked for line in lines)
    print(f"\n{checked} checked, {len(missed)} missed, {len(lines) - checked} not checked")
    if missed:
        print("missed: " + ", ".join(missed))
    lacking = [line.name for line in lines if not line.checked and line.problem != UNKNOWN]
    if lacking:
        print(f"WARNING: {len(lacking)} known entries not checked, DIR lacks their inputs: " + ", ".join(lacking))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m train.losses.parity", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder with tllib_reference.npz and .json")
    options = parser.parse_args(arguments)
    try:
        lines = check(options.folder)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _print(lines)
    return int(any(line.missed for line in lines))


if __name__ == "__main__":
    sys.exit(main())
