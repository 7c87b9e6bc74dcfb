"""Our value for every name of the losses' reference numbers (tllib_reference.npz and .json)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from train.losses import adda, advent, afn, bsp, cdan, coral, dann, entropy, jmmd, kernels, mcc, mcd, mdd, mkmmd
from train.losses.discriminator import DomainDiscriminator, domain_accuracy, domain_labels
from train.losses.reversal import reversal_coefficient
from train.measures import domain_gap

type Array = NDArray[np.float64] | NDArray[np.float32]
type Value = float | Tensor | Array
type Results = dict[str, Value]

# What the reference numbers were made with.
ALPHAS = (0.5, 1.0, 2.0)
CDAN_ITERATION = 1000
FIXED_SIGMA = 4.0


class MissingInputError(KeyError):
    """The folder has no input of this name."""


@dataclass(eq=False)
class Inputs:
    """The arrays of a reference folder by name, as tensors of their own precision or of `precision`."""

    arrays: Mapping[str, Array]
    precision: torch.dtype | None = None
    differentiate: str | None = None  # the input whose tensor is one leaf that requires a gradient
    cache: dict[tuple[object, ...], Results] = field(default_factory=dict)
    leaves: dict[str, Tensor] = field(default_factory=dict)

    @property
    def single(self) -> bool:
        """Whether the folder's inputs are float32."""
        return any(array.dtype == np.float32 for name, array in self.arrays.items() if not name.startswith("out."))

    def array(self, name: str) -> Array:
        if name not in self.arrays:
            raise MissingInputError(name)
        return self.arrays[name]

    def __call__(self, name: str, gradient: bool = False) -> Tensor:
        if name == self.differentiate:
            if name not in self.leaves:
                self.leaves[name] = self._tensor(name).requires_grad_()
            return self.leaves[name]
        return self._tensor(name).requires_grad_(gradient)

    def _tensor(self, name: str) -> Tensor:
        tensor = torch.tensor(self.array(name))
        if self.precision is not None and tensor.is_floating_point():
            tensor = tensor.to(self.precision)
        return tensor

    def discriminator(self, prefix: str) -> DomainDiscriminator:
        """The stored discriminator `prefix`, in train mode, with fresh running statistics."""
        first, last = self(f"{prefix}.fc1.weight"), self(f"{prefix}.fc3.weight")
        module = DomainDiscriminator(first.shape[1], first.shape[0], last.shape[0]).to(first.dtype)
        weights = {name: self(f"{prefix}.{name}") for name, _ in module.named_parameters()}
        module.load_state_dict(weights, strict=False)
        return module


def tllib_coefficient(iteration: float) -> float:
    """The schedule of tllib: alpha = 1 over 1000 iterations, going on beyond them."""
    return reversal_coefficient(iteration / 1000.0, alpha=1.0)


def _adversarial(loss: Tensor, module: DomainDiscriminator, source: Tensor, target: Tensor) -> Results:
    weight = module.fc1.weight
    gradients = torch.autograd.grad(loss, [source, target, weight])
    return {"loss": loss, "grad_f_s": gradients[0], "grad_f_t": gradients[1], "grad_disc_fc1": gradients[2]}


def _dann(inputs: Inputs, iteration: float) -> Results:
    module = inputs.discriminator("disc_dann")
    source, target = inputs("f_s", gradient=True), inputs("f_t", gradient=True)
    loss = dann.domain_adversarial_loss(module, source, target, tllib_coefficient(iteration))
    results = _adversarial(loss, module, source, target)
    with torch.no_grad():
        scores = module(torch.cat([source, target]))
        results["disc_accuracy"] = 50.0 * (
            domain_accuracy(scores[: len(source)], torch.ones(len(source)))
            + domain_accuracy(scores[len(source) :], torch.zeros(len(target)))
        )
    return results


def _dann_evaluating(inputs: Inputs, name: str) -> Tensor:
    module = inputs.discriminator("disc_dann").eval()
    source, target = inputs("f_s"), inputs("f_t")
    if name == "loss_eval_bn":
        return dann.domain_adversarial_loss(module, source, target, 1.0)
    with torch.no_grad():
        return torch.sigmoid(module(torch.cat([source, target]))[:, 0])


def _dann_weighted(inputs: Inputs) -> Tensor:
    weights = inputs("w_s"), inputs("w_t")
    return dann.domain_adversarial_loss(inputs.discriminator("disc_dann"), inputs("f_s"), inputs("f_t"), 1.0, *weights)


def _random_map(inputs: Inputs) -> cdan.RandomMultilinearMap:
    features, classes = inputs("Rf"), inputs("Rg")
    module = cdan.RandomMultilinearMap(features.shape[0], classes.shape[0], features.shape[1])
    module.feature_map, module.class_map = features, classes
    return module


_CDAN_DISCRIMINATORS = {"cdan": "disc_cdan", "cdan_2logit": "disc_cdan2", "cdan_rand": "disc_cdanr"}


def _cdan(inputs: Inputs, kind: str, iteration: float) -> Results:
    plain = kind.removesuffix("_e")
    module = inputs.discriminator(_CDAN_DISCRIMINATORS[plain])
    source, target = inputs("f_s", gradient=True), inputs("f_t", gradient=True)
    random_map = _random_map(inputs) if plain == "cdan_rand" else None
    logits = inputs("g_s"), inputs("g_t")
    loss = cdan.conditional_adversarial_loss(
        module, source, logits[0], target, logits[1], tllib_coefficient(iteration), kind.endswith("_e"), random_map
    )
    results = _adversarial(loss, module, source, target)
    with torch.no_grad():
        joined = (random_map or cdan.multilinear_map)(torch.cat([source, target]), torch.softmax(torch.cat(logits), 1))
        scores = module(joined)
        results["disc_accuracy"] = 100.0 * domain_accuracy(scores, domain_labels(len(source), len(target), scores))
    return results


def _joint(inputs: Inputs, name: str) -> Value:
    features, probabilities = (torch.cat([inputs(f"{k}_s"), inputs(f"{k}_t")]) for k in ("f", "g"))
    probabilities = torch.softmax(probabilities, 1)
    if name == "multilinear":
        return cdan.multilinear_map(features, probabilities)
    if name == "randomized_multilinear":
        mapped: Tensor = _random_map(inputs)(features, probabilities)
        return mapped
    return entropy.entropy(probabilities) if name == "entropy" else entropy.entropy_weights(probabilities)


def _mcc(inputs: Inputs, temperature: float) -> Results:
    logits = inputs("g_t", gradient=True)
    loss = mcc.minimum_class_confusion(logits, temperature)
    return {"loss": loss, "grad": torch.autograd.grad(loss, logits)[0]}


def _mcc_made_up(inputs: Inputs, name: str) -> Tensor:
    like = inputs("g_t")
    classes = like.shape[1]
    if name == "uniform_logits":
        return mcc.minimum_class_confusion(torch.zeros_like(like), 1.0)
    labels = torch.arange(2 * classes) % (classes if name == "one_hot_all_classes" else classes - 1)
    # far enough apart for the softmax to be exactly 0 and 1
    return mcc.minimum_class_confusion(nn.functional.one_hot(labels, classes).to(like) * 1e4, 1.0)


def _mkmmd(inputs: Inputs, statistic: str) -> Results:
    source, target, linear = inputs("f_s", gradient=True), inputs("f_t", gradient=True), statistic == "linear"
    loss = mkmmd.multi_kernel_mmd(source, target, ALPHAS, linear)
    gradients = torch.autograd.grad(loss, [source, target])
    fixed = kernels.gaussian_kernel(torch.cat([source, target]), sigma=FIXED_SIGMA)
    return {
        "": loss,
        "grad_f_s": gradients[0],
        "grad_f_t": gradients[1],
        "example_alphas": mkmmd.multi_kernel_mmd(source, target, linear=linear),
        "identical": mkmmd.multi_kernel_mmd(source, source, ALPHAS, linear),
        "fixed_sigma1": kernels.discrepancy(fixed, len(source), linear),
    }


def _jmmd(inputs: Inputs, statistic: str) -> Tensor:
    return jmmd.joint_mmd(inputs("f_s"), inputs("g_s"), inputs("f_t"), inputs("g_t"), ALPHAS, statistic == "linear")


def _mmd(inputs: Inputs, kind: str, sigma: float) -> Tensor:
    n = len(inputs("f_s"))
    kernel = kernels.gaussian_kernel(torch.cat([inputs("f_s"), inputs("f_t")]), sigma=sigma)
    if kind == "biased":
        return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2.0 * kernel[:n, n:].mean()
    constant = 1.0 / (n - 1) + 1.0 / (len(kernel) - n - 1)
    return kernels.discrepancy(kernel, n, linear=False) - constant


def _mdd(inputs: Inputs, margin: float, weighted: bool) -> Tensor:
    source, adversary_source, target, adversary_target = (inputs(k) for k in ("g_s", "g_s_adv", "g_t", "g_t_adv"))
    weights = (inputs("w_s"), inputs("w_t")) if weighted else (None, None)
    return mdd.margin_disparity(source, adversary_source, target, adversary_target, margin, *weights)


def _afn(inputs: Inputs, delta: float) -> Results:
    features = inputs("f_s", gradient=True)
    loss = afn.adaptive_feature_norm(features, delta)
    return {"loss": loss, "grad": torch.autograd.grad(loss, features)[0]}


def _schedule(inputs: Inputs, name: str) -> Array:
    if name == "ganin_gamma10_p":
        return np.array([reversal_coefficient(p) for p in np.linspace(0.0, 1.0, len(inputs.array(f"out.grl.{name}")))])
    if name == "auto_step_first5":
        return np.array([tllib_coefficient(i) for i in range(len(inputs.array(f"out.grl.{name}")))])
    high, alpha, length = {
        "tllib_alpha1_N1000": (1.0, 1.0, 1000.0),
        "tllib_mdd_hi0.1": (0.1, 1.0, 1000.0),
        "cdan_official_alpha10_N10000": (1.0, 10.0, 10000.0),
    }[name]
    return np.array([reversal_coefficient(i / length, high, alpha) for i in inputs.array("out.grl.iters")])


def _a_distances(inputs: Inputs) -> Array:
    errors = inputs.array("out.a_distance.from_error")[:, 0]
    return np.array([[error, domain_gap.a_distance(error)] for error in errors])


def _simple(inputs: Inputs, name: str) -> Value:
    """The entries that are one call."""
    x = inputs
    calls: dict[str, Callable[[], Tensor]] = {
        "coral.tllib": lambda: coral.moment_alignment(x("f_s"), x("f_t")),
        "coral.paper": lambda: coral.correlation_alignment(x("f_s"), x("f_t")),
        "coral.identical": lambda: coral.correlation_alignment(x("f_s"), x("f_s")),
        "bsp": lambda: bsp.batch_spectral_penalty(x("f_s"), x("f_t")),
        "mcd.discrepancy": lambda: mcd.classifier_discrepancy(x("g_t"), x("g_t_adv")),
        "mcd.entropy": lambda: mcd.class_balance(x("g_t")),
        "adda.discriminator_step": lambda: adda.discriminator_loss(x("g_s")[:, :1], x("g_t")[:, :1]),
        "adda.encoder_step": lambda: adda.encoder_loss(x("g_t")[:, :1]),
        "advent.self_information": lambda: advent.self_information(x("g_t")),
        "advent.minent_loss": lambda: advent.normalised_entropy(x("g_t")),
        "entropy.tllib_mean": lambda: entropy.entropy(torch.softmax(x("g_t"), 1)).mean(),
    }
    return calls[name]()


type Rule = Callable[[Inputs, re.Match[str]], Value]


def part(
    family: Callable[..., Results], *, key: str = "loss"
) -> Callable[[Inputs, str | None, tuple[object, ...]], Value]:
    """One entry of a family whose values and gradients are computed together, once."""

    def value(inputs: Inputs, name: str | None, arguments: tuple[object, ...]) -> Value:
        identity = (family.__name__, *arguments)
        if identity not in inputs.cache:
            inputs.cache[identity] = family(inputs, *arguments)
        return inputs.cache[identity][name or key]

    return value


_dann_part, _cdan_part, _mcc_part = part(_dann), part(_cdan), part(_mcc)
_mkmmd_part, _afn_part = part(_mkmmd, key=""), part(_afn)

_NUMBER = r"(\d+(?:\.\d+)?)"
_ADVERSARIAL = "(loss|grad_f_s|grad_f_t|grad_disc_fc1|disc_accuracy)"
RULES: list[tuple[str, Rule]] = [
    (rf"dann\.{_ADVERSARIAL}(?:@{_NUMBER})?", lambda x, m: _dann_part(x, m[1], (float(m[2] or 1000),))),
    (r"dann\.(loss_eval_bn|prob_eval_bn)", lambda x, m: _dann_evaluating(x, m[1])),
    (r"dann\.loss_weighted", lambda x, m: _dann_weighted(x)),
    (
        rf"(cdan|cdan_e|cdan_2logit|cdan_2logit_e|cdan_rand|cdan_rand_e)\.{_ADVERSARIAL}(?:@{_NUMBER})?",
        lambda x, m: _cdan_part(x, m[2], (m[1], float(m[3] or CDAN_ITERATION))),
    ),
    (r"cdan\.(multilinear|randomized_multilinear|entropy|entropy_weight)", lambda x, m: _joint(x, m[1])),
    (rf"mcc\.T{_NUMBER}(?:\.(grad))?", lambda x, m: _mcc_part(x, m[2], (float(m[1]),))),
    (r"mcc\.(uniform_logits|one_hot_all_classes|one_hot_missing_class)", lambda x, m: _mcc_made_up(x, m[1])),
    (
        r"mkmmd\.(quadratic|linear)(?:\.(grad_f_s|grad_f_t|example_alphas|identical|fixed_sigma1))?",
        lambda x, m: _mkmmd_part(x, m[2], (m[1],)),
    ),
    (r"jmmd\.(quadratic|linear)", lambda x, m: _jmmd(x, m[1])),
    (rf"mmd\.(biased|unbiased)_sigma{_NUMBER}", lambda x, m: _mmd(x, m[1], float(m[2]))),
    (
        rf"kernel\.gaussian_alpha{_NUMBER}",
        lambda x, m: kernels.gaussian_kernel(torch.cat([x("f_s"), x("f_t")]), alpha=float(m[1])),
    ),
    (rf"mdd\.margin{_NUMBER}(\.weighted)?", lambda x, m: _mdd(x, float(m[1]), bool(m[2]))),
    (rf"afn\.delta{_NUMBER}(?:\.(grad))?", lambda x, m: _afn_part(x, m[2], (float(m[1]),))),
    (r"a_distance\.from_error", lambda x, m: _a_distances(x)),
    (
        r"grl\.(ganin_gamma10_p|auto_step_first5|tllib_alpha1_N1000|tllib_mdd_hi0\.1|cdan_official_alpha10_N10000)",
        lambda x, m: _schedule(x, m[1]),
    ),
    (
        r"coral\.(?:tllib|paper|identical)|bsp|mcd\.(?:discrepancy|entropy)|adda\.(?:discriminator_step|encoder_step)"
        r"|advent\.(?:self_information|minent_loss)|entropy\.tllib_mean",
        lambda x, m: _simple(x, m[0]),
    ),
]
