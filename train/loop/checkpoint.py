"""A training run between two epochs, on disk: killed later, it goes on from there as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from cad2real.checksums import damaged_files, sealed_file
from cad2real.errors import UserError
from cad2real.files import sweep_temporaries
from train.compute.device import default_device, replica_count
from train.compute.distributed import ALONE, World

EPOCHS = "epochs"
RNG, CUDA_RNG = "rng.torch", "rng.cuda"


@dataclass(frozen=True)
class TrainingState:
    """Everything that a step changes. Learning rates follow from the number of steps; images from that and the seed."""

    network: nn.Module
    teacher: nn.Module
    methods: Mapping[str, nn.Module]
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LambdaLR

    @property
    def steps_done(self) -> int:
        return self.scheduler.last_epoch

    @cached_property
    def network_parameters(self) -> list[nn.Parameter]:
        """Listed once, as those below: every step needs them, and a walk through all modules takes a while."""
        return list(self.network.parameters())

    @cached_property
    def trained_parameters(self) -> list[nn.Parameter]:
        """The network's, and those of the methods' own networks."""
        return [*self.network_parameters, *(value for method in self.methods.values() for value in method.parameters())]

    def tensors(self) -> dict[str, Tensor]:
        found = {
            f"{name}.{key}": value
            for name, module in self._modules().items()
            for key, value in module.state_dict().items()
        }
        for number, parameter in enumerate(self._parameters()):
            for key, value in self.optimizer.state.get(parameter, {}).items():
                found[f"optimizer.{number}.{key}"] = value
        found[RNG] = torch.get_rng_state()
        if self._device.type == "cuda":
            found[CUDA_RNG] = torch.cuda.get_rng_state(self._device)
        return {name: value.contiguous() for name, value in found.items()}

    def restore(self, tensors: Mapping[str, Tensor], steps: int) -> None:
        """Brings back the state after `steps` steps, when `tensors()` returned `tensors`."""
        for name, module in self._modules().items():
            module.load_state_dict(_with_prefix(tensors, name))
        for number, parameter in enumerate(self._parameters()):
            for key, value in _with_prefix(tensors, f"optimizer.{number}").items():
                self.optimizer.state[parameter][key] = self._as_kept(value, parameter)
        self.scheduler.last_epoch = steps
        self.set_learning_rates()
        torch.set_rng_state(tensors[RNG])
        if CUDA_RNG in tensors and self._device.type == "cuda":
            torch.cuda.set_rng_state(tensors[CUDA_RNG], self._device)

    def set_learning_rates(self) -> None:
        """Those of the step that comes next, where its schedule has changed."""
        bases = zip(self.optimizer.param_groups, self.scheduler.base_lrs, self.scheduler.lr_lambdas, strict=True)
        for group, base, factor in bases:
            group["lr"] = base * factor(self.steps_done)

    def _as_kept(self, value: Tensor, parameter: nn.Parameter) -> Tensor:
        """A value as the optimiser keeps it: with its parameter's device and memory layout, so that sums are the same
        to the bit; the number of steps, which only a fused optimiser counts on the device, stays as it is.
        """
        if value.dim() == 0:
            return value.to(parameter.device) if self.optimizer.defaults.get("fused") else value
        return torch.empty_like(parameter, dtype=value.dtype).copy_(value)

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _modules(self) -> dict[str, nn.Module]:
        methods = {f"method_{name}": method for name, method in self.methods.items()}
        return {"network": self.network, "teacher": self.teacher, **methods}

    def _parameters(self) -> list[nn.Parameter]:
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]


def _with_prefix(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


@dataclass(frozen=True)
class Checkpoint:
    """The state at the end of a run's last epoch, in the file `path`."""

    path: Path

    @property
    def epochs(self) -> int:
        """Epochs that are done; 0 without a file, or with one that is damaged."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="pt") as stored:
                return int(stored.metadata()[EPOCHS])
        except (OSError, SafetensorError, TypeError, KeyError, ValueError):  # another's file has no such entry
            return 0

    def save(self, state: TrainingState, epochs: int) -> None:
        from safetensors.torch import save_file

        with sealed_file(self.path) as temporary:
            save_file(state.tensors(), temporary, {EPOCHS: str(epochs)})

    def restore(self, state: TrainingState, steps_per_epoch: int, world: World = ALONE) -> int:
        """Brings `state` back, in all processes of `world` from the lead's file. Returns the epochs that are done; at 0
        nothing changes.
        """
        from safetensors.torch import load_file

        epochs = world.broadcast_from_lead(lambda: self.epochs)
        if epochs:
            tensors = load_file(self.path) if world.leads else None
            state.restore(world.broadcast_tensors(tensors), epochs * steps_per_epoch)
        return epochs


def run_key(settings: Any, arrays: Iterable[npt.NDArray[Any]], files: Iterable[Path] = ()) -> str:
    """A name for the run that `settings` (anything JSON can hold), arrays and files determine, with this code on this
    kind of machine: where it is equal, weights come out equal to the bit.
    """
    import timm

    device = default_device()
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    machine = [replica_count(), str(device), card, torch.__version__, timm.__version__]
    digest = hashlib.blake2b(json.dumps([settings, machine], sort_keys=True).encode(), digest_size=12)
    for array in arrays:
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array))
    for path in (*files, *sorted(Path(__file__).parents[1].rglob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def resumable(cache: Path, stage: str, key: str, world: World = ALONE) -> Iterator[Path]:
    """Yields the folder of the run `key` of a stage: with what it left when it was killed, if none of that is damaged,
    else empty. It is deleted when the block ends without an error. Folders of other killed runs of the stage are
    deleted now: nobody will go on with them. In a `world` of several processes only the lead does all this; others must
    not touch the folder.
    """
    from filelock import FileLock, Timeout

    folder = cache / f"{stage}-{key}"
    if not world.leads:
        yield folder
        return
    delete_stale_runs(cache, stage, folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            for each in (folder, *sorted(folder.glob("[!.]*/"))):
                sweep_temporaries(each)
            _discard_damaged(folder, stage)
            yield folder
            shutil.rmtree(folder)
    except Timeout:
        raise UserError(f"Another training ({stage}) does the same in {folder}.", "Wait for it, or stop it.") from None


def _discard_damaged(folder: Path, stage: str) -> None:
    """Empties the folder of a killed run if a file in it is damaged: of another state other weights would come."""
    if damaged := damaged_files(folder):
        print(f"train {stage}: {damaged[0]} is damaged: the run begins anew.", file=sys.stderr)
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != ".lock":
                entry.unlink()


def delete_stale_runs(cache: Path, stage: str, keep: Path | None = None) -> None:
    """Deletes the folders that killed runs of the stage left, except `keep`. A run that is at work keeps its own."""
    from filelock import FileLock, Timeout

    for other in sorted(set(cache.glob(f"{stage}-*/")) - {keep}):
        try:
            with FileLock(other / ".lock", timeout=0):
                shutil.rmtree(other)
        except Timeout:
            print(f"train {stage}: another run is at work in {other}.", file=sys.stderr)
