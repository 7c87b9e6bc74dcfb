"""The losses once more in plain NumPy, on small inputs of their own: what the tests compare with. No code of train/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

ROWS, DIMENSION, CLASSES, HIDDEN, RANDOM = 7, 5, 4, 6, 9


def make_inputs(seed: int = 20) -> dict[str, Array]:
    """Inputs in the reference format: features, logits, weights, discriminators."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, Array] = {}
    for name, columns in (("f", DIMENSION), ("g", CLASSES)):
        arrays[f"{name}_s"] = rng.normal(size=(ROWS, columns))
        arrays[f"{name}_t"] = rng.normal(0.4, 1.5, size=(ROWS, columns))
    arrays["g_s_adv"], arrays["g_t_adv"] = rng.normal(size=(2, ROWS, CLASSES))
    arrays["w_s"], arrays["w_t"] = rng.uniform(0.5, 1.5, size=(2, ROWS))
    arrays["Rf"], arrays["Rg"] = rng.normal(size=(DIMENSION, RANDOM)), rng.normal(size=(CLASSES, RANDOM))
    for name, inputs, outputs in (
        ("dann", DIMENSION, 1),
        ("cdan", DIMENSION * CLASSES, 1),
        ("cdan2", DIMENSION * CLASSES, 2),
        ("cdanr", RANDOM, 1),
    ):
        widths = {"fc1": (HIDDEN, inputs), "fc2": (HIDDEN, HIDDEN), "fc3": (outputs, HIDDEN)}
        for layer, shape in widths.items():
            arrays[f"disc_{name}.{layer}.weight"] = rng.normal(0, 0.4, size=shape)
            arrays[f"disc_{name}.{layer}.bias"] = rng.normal(0, 0.1, size=shape[0])
        for layer in ("bn1", "bn2"):
            arrays[f"disc_{name}.{layer}.weight"] = rng.uniform(0.5, 1.5, HIDDEN)
            arrays[f"disc_{name}.{layer}.bias"] = rng.normal(0, 0.1, HIDDEN)
    return arrays


def softmax(z: Array, temperature: float = 1.0) -> Array:
    e = np.exp(z / temperature)
    result: Array = e / e.sum(1, keepdims=True)
    return result


def _entropy(p: Array) -> Array:
    return -np.asarray((p * np.log(p + 1e-5)).sum(1))


def _weights(p: Array) -> Array:
    w = 1 + np.exp(-_entropy(p))
    return np.asarray(w / w.sum() * len(w))


def _discriminate(a: dict[str, Array], name: str, x: Array) -> Array:
    for layer in ("1", "2"):
        x = x @ a[f"disc_{name}.fc{layer}.weight"].T + a[f"disc_{name}.fc{layer}.bias"]
        x = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
        x = np.maximum(x * a[f"disc_{name}.bn{layer}.weight"] + a[f"disc_{name}.bn{layer}.bias"], 0)
    return np.asarray(x @ a[f"disc_{name}.fc3.weight"].T + a[f"disc_{name}.fc3.bias"])


def _mcc(z: Array, temperature: float) -> float:
    p = softmax(z, temperature)
    m = (p * _weights(p)[:, None]).T @ p
    m = m / m.sum(1)
    return float((m.sum() - np.trace(m)) / m.shape[0])


def _distances(x: Array) -> Array:
    return np.asarray(((x[:, None] - x[None]) ** 2).sum(-1))


def _kernel(x: Array, alphas: tuple[float, ...]) -> Array:
    d = _distances(x)
    return np.asarray(sum(np.exp(-d / (2 * alpha * d.mean())) for alpha in alphas))


def _quadratic(k: Array) -> float:
    n = len(k) // 2
    total = 2 / (n - 1) - 2 * k[:n, n:].mean()
    for block in (k[:n, :n], k[n:, n:]):
        total += (block.sum() - np.trace(block)) / (n * (n - 1))
    return float(total)


def _linear(k: Array) -> float:
    n = len(k) // 2
    pairs = [(i, (i + 1) % n) for i in range(n)]
    return float(np.mean([k[i, j] + k[n + i, n + j] - k[i, n + j] - k[j, n + i] for i, j in pairs]) + 2 / (n - 1))


def _covariance(x: Array) -> Array:
    return np.asarray(np.cov(x, rowvar=False))


def values(a: dict[str, Array]) -> dict[str, float]:
    """name -> value, in the names of the reference format."""
    fs, ft, gs, gt = a["f_s"], a["f_t"], a["g_s"], a["g_t"]
    f, p = np.r_[fs, ft], softmax(np.r_[gs, gt])
    n = len(fs)
    y = np.r_[np.ones(n), np.zeros(n)]

    def bce(z: Array) -> Array:
        return np.asarray(np.logaddexp(0, z) - y * z)

    dann = bce(_discriminate(a, "dann", f)[:, 0])
    outer = (p[:, :, None] * f[:, None, :]).reshape(2 * n, -1)
    cdan = bce(_discriminate(a, "cdan", outer)[:, 0])
    two = _discriminate(a, "cdan2", outer)
    randomised = bce(_discriminate(a, "cdanr", (f @ a["Rf"]) * (p @ a["Rg"]) / np.sqrt(RANDOM))[:, 0])
    agree_s = softmax(a["g_s_adv"])[np.arange(n), gs.argmax(1)]
    agree_t = softmax(a["g_t_adv"])[np.arange(n), gt.argmax(1)]
    alphas, five = (0.5, 1.0, 2.0), tuple(2.0**k for k in range(-3, 2))
    narrow = np.exp(-_distances(p) / (2 * 0.92**2))
    covariances = _covariance(fs) - _covariance(ft)
    q = softmax(gt)
    return {
        "dann.loss@0": float(dann.mean()),
        "dann.loss_weighted": float(0.5 * (a["w_s"] * dann[:n]).mean() + 0.5 * (a["w_t"] * dann[n:]).mean()),
        "cdan.loss": float(cdan.mean()),
        "cdan_e.loss": float((_weights(p) * cdan).mean()),
        "cdan_2logit.loss": float((np.logaddexp(two[:, 0], two[:, 1]) - np.where(y == 1, two[:, 1], two[:, 0])).mean()),
        "cdan_rand.loss": float(randomised.mean()),
        "cdan_rand_e.loss": float((_weights(p) * randomised).mean()),
        "mcc.T1.0": _mcc(gt, 1.0),
        "mcc.T2.5": _mcc(gt, 2.5),
        "mkmmd.quadratic": _quadratic(_kernel(f, alphas)),
        "mkmmd.linear": _linear(_kernel(f, alphas)),
        "mkmmd.quadratic.example_alphas": _quadratic(_kernel(f, five)),
        "mkmmd.quadratic.identical": _quadratic(_kernel(np.r_[fs, fs], alphas)),
        "jmmd.quadratic": _quadratic(_kernel(f, alphas) * narrow),
        "jmmd.linear": _linear(_kernel(f, alphas) * narrow),
        "coral.tllib": float(((fs.mean(0) - ft.mean(0)) ** 2).mean() + (covariances**2).mean()),
        "coral.paper": float((covariances**2).sum() / (4 * DIMENSION**2)),
        "mdd.margin4": float((4 * np.log(agree_s) + np.log(1 - agree_t + 1e-6)).mean()),
        "afn.delta0.3": 0.09,
        "bsp": float(sum(np.linalg.svd(x, compute_uv=False)[0] ** 2 for x in (fs, ft))),
        "mcd.discrepancy": float(np.abs(q - softmax(a["g_t_adv"])).mean()),
        "mcd.entropy": float(-np.log(q.mean(0) + 1e-6).mean()),
        "adda.discriminator_step": float(
            0.5 * np.log1p(np.exp(-gs[:, 0])).mean() + 0.5 * np.log1p(np.exp(gt[:, 0])).mean()
        ),
        "adda.encoder_step": float(np.log1p(np.exp(-gt[:, 0])).mean()),
        "advent.minent_loss": float(-(q * np.log2(q)).sum(1).mean() / np.log2(CLASSES)),
        "entropy.tllib_mean": float(_entropy(q).mean()),
    }


def write_reference(folder: Path, arrays: dict[str, Array], scalars: dict[str, Any]) -> None:
    """The folder format that `train.losses.parity` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "tllib_reference.npz", allow_pickle=False, **arrays)
    (folder / "tllib_reference.json").write_text(json.dumps({"scalars": scalars}))
