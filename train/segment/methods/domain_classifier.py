"""A domain classifier at every place of three levels of features, which learn to fool it (gradient reversal, ramped as
in Ganin et al., JMLR 2016).
"""

from __future__ import annotations

from torch import Tensor

from train.losses.domain_maps import LevelClassifiers, adversarial_levels
from train.losses.reversal import reversal_coefficient
from train.segment.methods.batch import MapBatch, MapMethod, MapSetting


class DomainClassifier(MapMethod):
    def __init__(self, setting: MapSetting) -> None:
        super().__init__(setting)
        self.classifiers = LevelClassifiers(setting.channels, setting.generator())

    def losses(self, batch: MapBatch, weight: float) -> dict[str, Tensor]:
        reversal = weight * reversal_coefficient(batch.progress)
        levels = (batch.source.levels, batch.target.levels)
        return {"domain_classifier": adversarial_levels(self.classifiers, *levels, reversal)}
