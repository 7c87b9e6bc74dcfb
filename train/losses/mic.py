"""MIC: Hoyer et al. 2023, "MIC: Masked Image Consistency for Context-Enhanced Domain Adaptation" (CVPR)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train.losses.precision import in_float32


def patch_mask(
    images: int, height: int, width: int, patch: int = 64, ratio: float = 0.7, generator: torch.Generator | None = None
) -> Tensor:
    """1 where the image is kept, 0 where it is hidden, [images, 1, height, width] float32 on the generator's device.

    The image is cut into round(side / patch) blocks a side (at least one); each is hidden with probability `ratio`.
    Multiply the NORMALISED images with it: hidden blocks become the mean colour, as in the published code.

    >>> mask = patch_mask(1, height=2, width=4, patch=1, ratio=0.5, generator=torch.Generator().manual_seed(0))
    >>> mask[0, 0].tolist()
    [[0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    """
    return block_mask(kept_blocks(images, height, width, patch, ratio, generator), height, width)


def kept_blocks(
    images: int, height: int, width: int, patch: int = 64, ratio: float = 0.7, generator: torch.Generator | None = None
) -> Tensor:
    """1 for each block that is kept, 0 for one that is hidden, [images, 1, rows, columns] float32: see `patch_mask`.

    >>> kept_blocks(1, 2, 4, patch=1, ratio=0.5, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([1, 1, 2, 4])
    """
    rows, columns = max(round(height / patch), 1), max(round(width / patch), 1)
    device = generator.device if generator is not None else None
    return (torch.rand(images, 1, rows, columns, generator=generator, device=device) > ratio).float()


def block_mask(blocks: Tensor, height: int, width: int) -> Tensor:
    """Blocks [images, 1, rows, columns] as pixels, [images, 1, height, width].

    >>> block_mask(torch.tensor([[[[0.0, 1.0]]]]), height=1, width=4).flatten().tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    return functional.interpolate(blocks, size=(height, width), mode="nearest")


@in_float32
def masked_consistency(student_logits: Tensor, teacher_logits: Tensor, quality_weight: bool = True) -> Tensor:
    """Cross-entropy of the student on the masked image with the teacher's label of the whole image, times the
    teacher's confidence.

    Logits [n, C]; the teacher (see `teacher`) gets no gradient. Without `quality_weight` every row counts 1.

    >>> student, teacher = torch.zeros(1, 2), torch.tensor([[0.0, 90.0]])
    >>> round(masked_consistency(student, teacher).item(), 3)  # ln 2: a sure teacher, a student that sees nothing
    0.693
    """
    confidences, labels = torch.softmax(teacher_logits.detach(), 1).max(1)
    losses = functional.cross_entropy(student_logits, labels, reduction="none")
    return (losses * confidences).mean() if quality_weight else losses.mean()
