"""A run's name changes with all that its weights depend on, so that nobody goes on with another machine's state."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch

from train.loop import checkpoint


def test_card_and_versions_are_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def key() -> str:
        return checkpoint.run_key({"seed": 0}, [np.zeros(3)])

    monkeypatch.setattr(checkpoint, "default_device", lambda: torch.device("cpu"))
    keys = [key()]
    assert key() == keys[0]
    monkeypatch.setattr(timm, "__version__", "0.0.0")
    keys.append(key())
    monkeypatch.setattr(torch, "__version__", "0.0.0")
    keys.append(key())
    monkeypatch.setattr(checkpoint, "default_device", lambda: torch.device("cuda"))
    for card in ("NVIDIA H100", "NVIDIA H200"):
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device, name=card: name)
        keys.append(key())
    assert len(set(keys)) == 5
