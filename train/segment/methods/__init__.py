"""Adaptation methods on maps by name. A new one is a file here, a line in `MAP_METHODS` and its name in
`train.segment_params`.

`batch` (what goes in), then one method a file: `entropy`, `advent`, `domain_classifier`, `self_training`,
`masked_consistency`.
"""

from __future__ import annotations

from train.segment.methods.advent import Advent
from train.segment.methods.batch import MapMethod
from train.segment.methods.domain_classifier import DomainClassifier
from train.segment.methods.entropy import Entropy
from train.segment.methods.masked_consistency import MaskedConsistency
from train.segment.methods.self_training import SelfTraining

MAP_METHODS: dict[str, type[MapMethod]] = {
    "entropy": Entropy,
    "advent": Advent,
    "domain_classifier": DomainClassifier,
    "self_training": SelfTraining,
    "masked_consistency": MaskedConsistency,
}
