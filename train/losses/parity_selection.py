"""Our value for every name of the validators' reference numbers (validators_reference.npz and .json): label-free
scores, the sharpness-aware step, MIC, domain gaps.
"""

from __future__ import annotations

import re

import numpy as np
import torch
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance
from torch import nn

from train.loop.sharpness import perturbed_weights
from train.losses import bnm, coral, mcc, mic, teacher
from train.losses.parity_values import Array, Inputs, Results, Rule, Value, part
from train.measures import domain_gap
from train.validators import clusters, dev, information, neighbourhood
from train.validators.outputs import probabilities

_ROWS_MADE_UP = 60  # of the made-up predictions: certain and balanced, collapsed, uniform


def _accuracy(inputs: Inputs, name: str) -> float:
    domain = "s" if name == "source" else "t"
    labels = inputs.array(f"{domain}_labels")
    right = inputs.array(f"{domain}_logits").argmax(1) == labels
    if name.endswith("macro"):
        return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))
    return float(right.mean())


def _made_up(inputs: Inputs, score: str, name: str) -> float:
    classes = inputs.array("t_logits").shape[1]
    label = np.arange(_ROWS_MADE_UP) % classes if name == "onehot_balanced" else np.zeros(_ROWS_MADE_UP, dtype=int)
    logits = np.zeros((_ROWS_MADE_UP, classes)) if name == "uniform" else np.eye(classes)[label] * 1e3
    return information.information_maximisation(logits) if score == "im" else information.bnm(logits)


def _density(inputs: Inputs, layer: str, temperature: float) -> float:
    vectors = probabilities(inputs.array("t_logits")) if layer == "preds" else inputs.array(f"t_{layer}")
    return neighbourhood.soft_neighbourhood_density(np.asarray(vectors, dtype=np.float64), temperature)


def _clusters(inputs: Inputs, score: str, scaled: bool) -> float:
    features = np.asarray(inputs.array("t_features"), dtype=np.float64)
    function = clusters.class_ami if score == "ami" else clusters.class_ss
    predictions = inputs.array("t_logits").argmax(1)
    return function(clusters.unit_rows(features) if scaled else features, predictions)


def _dev(inputs: Inputs, name: str) -> Value:
    errors = dev.source_errors(
        np.asarray(inputs.array("s_logits"), dtype=np.float64), inputs.array("s_labels").astype(int)
    )
    if name == "errors":
        return errors
    weights = np.asarray(inputs.array("dev_weights"), dtype=np.float64)
    kind = name.removeprefix("risk.")
    return dev.dev_risk(weights, errors, None if kind == "None" else "max" if kind == "max" else "standardize")


def _pair(inputs: Inputs) -> tuple[Array, Array]:
    """Equally many features of both domains: the first rows of each."""
    source, target = (np.asarray(inputs.array(f"{k}_features"), dtype=np.float64) for k in "st")
    rows = min(len(source), len(target))
    return source[:rows], target[:rows]


def _neighbour_mmd(source: Array, target: Array) -> float:
    """The linear-time MMD of disjoint neighbouring pairs, Gretton et al. 2012, section 6."""
    scale = domain_gap.median_scale(np.asarray(source, dtype=np.float64))
    even = np.arange(len(source) // 2) * 2
    odd = even + 1
    within = [np.exp(-cdist(x, x, "sqeuclidean")[even, odd] / scale) for x in (source, target)]
    across = np.exp(-cdist(source, target, "sqeuclidean") / scale)
    return float((within[0] + within[1] - across[even, odd] - across[odd, even]).mean())


def _gaussian_divergence(source: Array, target: Array) -> float:
    """KL divergence of the Gaussian fitted to the source from the target's."""
    covariances = [np.atleast_2d(np.cov(x, rowvar=False)) for x in (source, target)]
    inverse, shift = np.linalg.inv(covariances[1]), target.mean(0) - source.mean(0)
    volumes = [np.linalg.slogdet(covariance)[1] for covariance in covariances]
    mahalanobis = np.trace(inverse @ covariances[0]) + shift @ inverse @ shift - len(shift)
    return float(0.5 * (mahalanobis + volumes[1] - volumes[0]))


def _gap(inputs: Inputs, name: str) -> Value:
    source, target = (np.asarray(x, dtype=np.float64) for x in _pair(inputs))
    match name:
        case "kid.full":
            return domain_gap.kid(source, target)
        case "frechet":
            return domain_gap.frechet(source, target)
        case "pa.coral":
            return coral.correlation_alignment(torch.tensor(source), torch.tensor(target))
        case "pa.mmd.quadratic":
            return domain_gap.mmd(source, target)
        case "pa.mmd.linear":
            return _neighbour_mmd(source, target)
        case "kl_gaussian":
            return _gaussian_divergence(source, target)
        case "wasserstein1_dim0":
            return float(wasserstein_distance(source[:, 0], target[:, 0]))
        case _:  # mmd.synthnet_sigma1: biased, one fixed width
            kernels = [
                np.exp(-cdist(x, y, "sqeuclidean") / 2.0).mean() for x, y in ((source, source), (target, target))
            ]
            return float(sum(kernels) - 2.0 * np.exp(-cdist(source, target, "sqeuclidean") / 2.0).mean())


def _sharpness(inputs: Inputs) -> Results:
    """One SDAT step on a linear head: climb on the source's cross-entropy, then step on it plus a stand-in for the
    adversarial loss.
    """
    head = nn.Parameter(inputs("sam.w0"))
    source, target, labels = inputs("s_features"), inputs("t_features"), inputs("s_labels")
    optimizer = torch.optim.SGD([head], lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)
    before = head.detach().clone()
    torch.autograd.backward(nn.functional.cross_entropy(source @ head.T, labels))
    assert head.grad is not None  # noqa: S101  (backward has just made it)
    results: Results = {"grad0": head.grad.clone()}
    with perturbed_weights([head], rho=0.02) as norm:
        results |= {"grad_norm0": norm, "w_perturbed": head.detach().clone()}
        results["perturbation_norm"] = (head.detach() - before).norm()
        optimizer.zero_grad()
        other = 0.01 * (target @ head.T).square().mean()
        torch.autograd.backward(nn.functional.cross_entropy(source @ head.T, labels) + other)
        results["grad1"] = head.grad.clone()
    optimizer.step()
    results["w1"] = head.detach().clone()
    return results


_sharpness_part = part(_sharpness)


def _teacher(inputs: Inputs) -> Array:
    """The teacher's parameters after every update, for parameters that start at 1, 2, 3, 4 and move by a fixed step."""
    model = nn.Module()
    model.values = nn.Parameter(torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64))
    average = teacher.make_teacher(model)
    step = torch.tensor([0.1, -0.1, 0.2, 0.05], dtype=torch.float64)
    rows = []
    for updates in range(len(inputs.array("mic.ema_trajectory"))):
        teacher.TeacherUpdate(average, model)(updates, decay=0.9)
        rows.append(next(average.parameters()).numpy().copy())
        with torch.no_grad():
            model.values.add_(step)
    return np.stack(rows)


def _mask(inputs: Inputs, seed: int) -> Value:
    images, _, height, width = inputs.array(f"mic.mask_seed{seed}").shape
    return mic.patch_mask(images, height, width, generator=torch.Generator().manual_seed(seed))


def _masked(inputs: Inputs, weighted: bool) -> Value:
    logits = inputs("t_logits")
    return mic.masked_consistency(0.5 * logits + 0.1, logits, weighted)


def _of_target(inputs: Inputs, name: str) -> float:
    logits = np.asarray(inputs.array("t_logits"), dtype=np.float64)
    functions = {
        "entropy": information.negative_entropy,
        "diversity": information.diversity,
        "im": information.information_maximisation,
        "bnm": information.bnm,
    }
    return functions[name](logits)


RULES: list[tuple[str, Rule]] = [
    (r"accuracy\.(target|target_macro|source)", lambda x, m: _accuracy(x, m[1])),
    (r"entropy|diversity|im|bnm", lambda x, m: _of_target(x, m[0])),
    (r"(im|bnm)\.(onehot_balanced|collapsed|collapsed_one_class|uniform)", lambda x, m: _made_up(x, m[1], m[2])),
    (r"snd\.(preds|features|logits)\.T(\d+(?:\.\d+)?)", lambda x, m: _density(x, m[1], float(m[2]))),
    (r"class_(ami|ss)(\.l2norm)?", lambda x, m: _clusters(x, m[1], bool(m[2]))),
    (r"dev\.(errors|risk\.None|risk\.max|risk\.standardize)", lambda x, m: _dev(x, m[1])),
    (r"pa\.bnm", lambda x, m: bnm.batch_nuclear_norm(x("t_logits"))),
    (r"pa\.mcc\.T(\d+(?:\.\d+)?)", lambda x, m: mcc.minimum_class_confusion(x("t_logits"), float(m[1]), epsilon=1e-30)),
    (
        r"kid\.full|frechet|pa\.coral|pa\.mmd\.(?:quadratic|linear)|kl_gaussian|wasserstein1_dim0|mmd\.synthnet_sigma1",
        lambda x, m: _gap(x, m[0]),
    ),
    (r"sam\.(grad0|grad1|w_perturbed|w1|grad_norm0|perturbation_norm)", lambda x, m: _sharpness_part(x, m[1], ())),
    (r"mic\.ema_trajectory", lambda x, m: _teacher(x)),
    (r"mic\.mask_seed(\d+)", lambda x, m: _mask(x, int(m[1]))),
    (r"mic\.loss(_unweighted)?", lambda x, m: _masked(x, not m[1])),
]

# Keys of the npz that are reference values though they do not begin with "out.".
STORED = re.compile(r"sam\.(grad0|grad1|w_perturbed|w1)|mic\..+")
