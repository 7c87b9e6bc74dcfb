"""Linear heads for frozen features: three ways to the same thing, a weight and a bias that the whole chain uses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

from train.measures.calibration import fit_temperature
from train.networks.multinomial import fit_multinomial
from train.params import ProbeParams

Labels = npt.NDArray[np.int64]
ROUNDS, BATCH, LEARNING_RATE = 20, 64, 1e-2  # of the layer that is trained by steps
MANY_CLASSES = 300  # above them scikit-learn stops early and wants all logits in memory, see `fit_multinomial`


def fit_head(features: Tensor, labels: Labels, classes: int, params: ProbeParams, seed: int) -> tuple[Tensor, Tensor]:
    """Weight (c, d) and bias (c,) for standardised features (n, d) of labels (n,); every class has at least a row and
    counts alike, however many rows it has.

    `logistic_regression`: multinomial, L2-regularised, to the optimum. `linear`: the same loss without regularisation,
    by steps of AdamW, as most code does it. `svm`: one linear support vector machine a class against all others
    (squared hinge loss); its margins are no log-odds, see `log_odds_factor`.
    """
    if params.head == "linear":
        return _by_steps(features, labels, classes, seed)
    if params.head == "logistic_regression" and classes > MANY_CLASSES:
        return fit_multinomial(features, torch.from_numpy(labels), classes, params.inverse_regularisation)
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    strength = params.inverse_regularisation
    if params.head == "svm":
        head = LinearSVC(C=strength, class_weight="balanced", dual=False, max_iter=2000)
    else:
        head = LogisticRegression(C=strength, max_iter=500, class_weight="balanced")
    head.fit(features.numpy(), labels)
    weight, bias = torch.from_numpy(head.coef_).float(), torch.from_numpy(head.intercept_).float()
    if classes == 2:  # scikit-learn gives one row for two classes: the second's; the first's is its opposite
        weight, bias = torch.cat([-weight / 2, weight / 2]), torch.cat([-bias / 2, bias / 2])
    return weight, bias


def log_odds_factor(logits: npt.NDArray[np.float64], labels: Labels) -> float:
    """The factor on weight and bias that makes margins (n, c) of unseen renders the log-odds of `labels` (n,) as well
    as one factor can (temperature scaling, Guo et al., ICML 2017); 1 where there is nothing to fit.
    """
    probabilities = torch.from_numpy(logits).softmax(dim=1).numpy()
    return 1 / (fit_temperature(probabilities, labels) or 1.0)


def _by_steps(features: Tensor, labels: Labels, classes: int, seed: int) -> tuple[Tensor, Tensor]:
    """A linear layer that starts at 0, after ROUNDS of shuffled batches; the rate falls along half a cosine."""
    rng = torch.Generator().manual_seed(seed)
    weight = torch.zeros(classes, features.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    truth = torch.from_numpy(labels)
    balance = len(labels) / (classes * torch.bincount(truth, minlength=classes).clamp_min(1)).float()
    optimizer = torch.optim.AdamW([weight, bias], LEARNING_RATE)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, ROUNDS * -(-len(labels) // BATCH))
    for _ in range(ROUNDS):
        for rows in torch.split(torch.randperm(len(labels), generator=rng), BATCH):
            optimizer.zero_grad()
            loss = F.cross_entropy(F.linear(features[rows], weight, bias), truth[rows], balance)
            torch.autograd.backward(loss)
            optimizer.step()
            rates.step()
    return weight.detach(), bias.detach()
