"""Adaptation methods by name. A new method is one new file here and one line in `METHODS`."""

from __future__ import annotations

from collections.abc import Callable

from train.methods.batch import Method, Setting
from train.methods.cdan import Cdan
from train.methods.mcc import Mcc
from train.methods.self_training import SelfTraining

METHODS: dict[str, Callable[[Setting], Method]] = {
    "cdan": Cdan,
    "mcc": Mcc,
    "self_training": SelfTraining,
}
