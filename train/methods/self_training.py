"""Self-training with a mean teacher: the teacher's confident classes of weak views teach the student's strong views.

Tarvainen & Valpola (NeurIPS 2017), thresholds as in FixMatch (Sohn et al., NeurIPS 2020). What counts as confident is
relative to each class: a class in which the teacher is less confident gets a lower threshold (FlexMatch, Zhang et al.,
NeurIPS 2021), so that rare or hard classes are not starved. But never below one half: where all other classes together
are more probable, the label is more likely wrong than right. Without that floor a teacher that guesses, whose threshold
sinks to what a guess has, taught four fifths of its guesses.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from train.methods.batch import Method, Setting, StepBatch

THRESHOLD_MOMENTUM = 0.95
MORE_LIKELY_THAN_NOT = 0.5


class SelfTraining(Method):
    class_confidence: torch.Tensor

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.confidence = setting.params.confidence
        self.register_buffer("class_confidence", torch.ones(setting.classes))

    def loss(self, batch: StepBatch) -> torch.Tensor | None:
        confidence, label = batch.target_teacher.max(dim=1)
        self._update_class_confidence(confidence, label)
        floor = min(MORE_LIKELY_THAN_NOT, self.confidence)
        sure = (confidence >= (self.confidence * self.class_confidence[label]).clamp_min(floor)).float()
        losses = F.cross_entropy(batch.target_logits.float(), label, reduction="none")
        return (losses * sure).sum() / len(losses)

    @torch.no_grad()
    def _update_class_confidence(self, confidence: torch.Tensor, label: torch.Tensor) -> None:
        """Moves each class that was predicted towards the mean confidence of its rows (no list of these: a GPU would
        have to be waited for).
        """
        rows = torch.zeros_like(self.class_confidence).index_add_(0, label, torch.ones_like(confidence))
        mean = torch.zeros_like(self.class_confidence).index_add_(0, label, confidence) / rows.clamp_min(1)
        moved = torch.lerp(self.class_confidence, mean, 1 - THRESHOLD_MOMENTUM)
        self.class_confidence.copy_(torch.where(rows > 0, moved, self.class_confidence))
