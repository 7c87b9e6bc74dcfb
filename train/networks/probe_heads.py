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
Weights = npt.NDArray[np.float64]
ROUNDS, BATCH, LEARNING_RATE = 20, 64, 1e-2  # of the layer that is trained by steps
MANY_CLASSES = 300  # above them scikit-learn stops early and wants all logits in memory, see `fit_multinomial`


def fit_head(
    features: Tensor, labels: Labels, classes: int, params: ProbeParams, seed: int, weights: Weights | None = None
) -> tuple[Tensor, Tensor]:
    """Weight (c, d) and bias (c,) for standardised features (n, d) of labels (n,); every class has at least a row and
    counts alike, however many rows it has. `weights` (n,) are those of the rows within their class (None: all alike).

    `logistic_regression`: multinomial, L2-regularised, to the optimum. `linear`: the same loss without regularisation,
    by steps of AdamW, as most code does it. `svm`: one linear support vector machine a class against all others
    (squared hinge loss); its margins are no log-odds, see `log_odds_factor`.
    """
    rows = None if weights is None else balanced(weights, labels, classes)
    if params.head == "linear":
        return _by_steps(features, labels, classes, seed, rows)
    if params.head == "logistic_regression" and classes > MANY_CLASSES:
        return fit_multinomial(features, torch.from_numpy(labels), classes, params.inverse_regularisation, weights=rows)
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    strength, by_class = params.inverse_regularisation, "balanced" if rows is None else None
    if params.head == "svm":
        head = LinearSVC(C=strength, class_weight=by_class, dual=False, max_iter=2000)
    else:
        head = LogisticRegression(C=strength, max_iter=500, class_weight=by_class)
    head.fit(features.numpy(), labels, sample_weight=rows)
    weight, bias = torch.from_numpy(head.coef_).float(), torch.from_numpy(head.intercept_).float()
    if classes == 2:  # scikit-learn gives one row for two classes: the second's; the first's is its opposite
        weight, bias = torch.cat([-weight / 2, weight / 2]), torch.cat([-bias / 2, bias / 2])
    return weight, bias


def balanced(weights: Weights, labels: Labels, classes: int) -> Weights:
    """`weights` (n,) scaled so that the rows of each class weigh the same together, and all as much as before.

    >>> balanced(np.array([1.0, 1.0, 2.0]), np.array([0, 0, 1]), classes=2).tolist()
    [1.0, 1.0, 2.0]
    """
    totals = np.bincount(labels, weights, minlength=classes)
    scaled: Weights = weights * weights.sum() / (np.count_nonzero(totals) * totals[labels])
    return scaled


def log_odds_factor(logits: npt.NDArray[np.float64], labels: Labels) -> float:
    """The factor on weight and bias that makes margins (n, c) of unseen renders the log-odds of `labels` (n,) as well
    as one factor can (temperature scaling, Guo et al., ICML 2017); 1 where there is nothing to fit.
    """
    probabilities = torch.from_numpy(logits).softmax(dim=1).numpy()
    return 1 / (fit_temperature(probabilities, labels) or 1.0)


def _by_steps(
    features: Tensor, labels: Labels, classes: int, seed: int, weights: Weights | None = None
) -> tuple[Tensor, Tensor]:
    """A linear layer that starts at 0, after ROUNDS of shuffled batches; the rate falls along half a cosine."""
    rng = torch.Generator().manual_seed(seed)
    weight = torch.zeros(classes, features.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    truth = torch.from_numpy(labels)
    balance = len(labels) / (classes * torch.bincount(truth, minlength=classes).clamp_min(1)).float()
    of_rows = None if weights is None else torch.from_numpy(weights).float()
    optimizer = torch.optim.AdamW([weight, bias], LEARNING_RATE)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, ROUNDS * -(-len(labels) // BATCH))
    for _ in range(ROUNDS):
        for rows in torch.split(torch.randperm(len(labels), generator=rng), BATCH):
            optimizer.zero_grad()
            logits = F.linear(features[rows], weight, bias)
            if of_rows is None:
                loss = F.cross_entropy(logits, truth[rows], balance)
            else:
                loss = of_rows[rows] @ F.cross_entropy(logits, truth[rows], reduction="none") / of_rows[rows].sum()
            torch.autograd.backward(loss)
            optimizer.step()
            rates.step()
    return weight.detach(), bias.detach()
