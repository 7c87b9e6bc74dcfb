"""AFN: features of larger norm transfer better (Xu et al., ICCV 2019), the hard form (HAFN), both domains.

The paper's stepwise form makes every norm grow for ever, held by the head alone; behind a standardisation nothing holds
it (in a trial on digits norms passed 1,000). The radius is what standardised features have, sqrt(d), instead of 25: it
matters most where photos are standardised by the source's statistics, which leaves them too small.
"""

from __future__ import annotations

import math

from torch import Tensor

from train.losses.afn import hard_feature_norm
from train.methods.batch import Method, Setting, StepBatch


class Afn(Method):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.radius = math.sqrt(setting.features)

    def loss(self, batch: StepBatch) -> Tensor:
        return hard_feature_norm(batch.source_feature, self.radius) + hard_feature_norm(
            batch.target_feature, self.radius
        )
