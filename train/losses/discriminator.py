"""The domain discriminator of the adversarial losses, and its per-sample loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class DomainDiscriminator(nn.Module):
    """Linear-BatchNorm-ReLU twice, then Linear: scores [batch, outputs] (logits) from [batch, inputs].

    One output is the logit of "source"; two outputs are the logits of (target, source), SynthNet's variant. Feed
    source and target in one call: BatchNorm's statistics are then those of both domains.
    """

    def __init__(self, inputs: int, hidden: int = 1024, outputs: int = 1) -> None:
        super().__init__()
        if outputs not in (1, 2):
            raise ValueError(f"a domain discriminator has 1 or 2 outputs, not {outputs}")
        self.fc1 = nn.Linear(inputs, hidden)
        self.bn1 = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.bn2 = nn.BatchNorm1d(hidden)
        self.fc3 = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.fc1(x)))
        x = functional.relu(self.bn2(self.fc2(x)))
        scores: Tensor = self.fc3(x)
        return scores


def domain_labels(sources: int, targets: int, like: Tensor) -> Tensor:
    """1 for the first `sources` rows (source), 0 for the `targets` rows after them.

    >>> domain_labels(sources=2, targets=1, like=torch.zeros(1)).tolist()
    [1.0, 1.0, 0.0]
    """
    return torch.cat([like.new_ones(sources), like.new_zeros(targets)])


def domain_log_loss(scores: Tensor, is_source: Tensor) -> Tensor:
    """Cross-entropy of each row of the discriminator's `scores` [batch, 1 or 2] with its domain, [batch].

    From logits: the logistic function never saturates to log(0), as it does where probabilities are stored first.

    >>> undecided = torch.zeros(2, 1)
    >>> [round(loss, 3) for loss in domain_log_loss(undecided, torch.tensor([1.0, 0.0])).tolist()]  # ln 2
    [0.693, 0.693]
    """
    if scores.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(scores[:, 0], is_source, reduction="none")
    return functional.cross_entropy(scores, is_source.long(), reduction="none")


def domain_accuracy(scores: Tensor, is_source: Tensor) -> float:
    """Share of rows whose domain the discriminator gets right: near .5 the domains are confused, near 1 it wins.

    >>> domain_accuracy(torch.tensor([[2.0], [-1.0], [0.5], [-3.0]]), torch.tensor([1.0, 1.0, 0.0, 0.0]))
    0.5
    """
    says_source = scores[:, 0] > 0 if scores.shape[1] == 1 else scores.argmax(1) == 1
    return float((says_source == is_source.bool()).double().mean())
