"""Random changes of a batch of images, drawn anew for each image, on the device that holds the batch.

All functions take and give float images in [0, 1], shape (n, c, s, s); randomness comes from a torch.Generator of the
CPU. What is as large as the images is made on their device: a CPU that made it would keep a GPU waiting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

Tensor = torch.Tensor
JPEG_QUALITY = (20.0, 80.0)


def uniform(n: int, low: float, high: float, rng: torch.Generator) -> Tensor:
    """(n,) numbers drawn evenly from [low, high)."""
    return torch.rand(n, generator=rng) * (high - low) + low


def random_mask(n: int, share: float, rng: torch.Generator) -> Tensor:
    """(n, 1, 1, 1) of 0 and 1, each 1 with probability `share`."""
    return (torch.rand(n, generator=rng) < share).float().view(n, 1, 1, 1)


@dataclass(frozen=True)
class WarpRange:
    """How far `warp` may change an image: `scale` from and to (log-uniform, above 1 zooms in), a turn of at most
    `rotation_deg` either way, moves of at most `shift` (a share of the side), width and height stretched against each
    other up to `stretch` times, tilts up to `perspective`. 0, and 1 for `stretch`, change nothing.
    """

    scale: tuple[float, float]
    rotation_deg: float
    shift: float
    stretch: float = 1.0
    perspective: float = 0.0


def warp(images: Tensor, size: int, limits: WarpRange, padding: str, rng: torch.Generator) -> Tensor:
    """Turns, scales, stretches, moves and tilts each image within `limits`, and samples it at `size` pixels.

    No mirroring, see `flip`. `padding` is grid_sample's: "zeros" or "border".
    """
    n, stretch = len(images), limits.stretch
    zoom = torch.exp(uniform(n, math.log(limits.scale[0]), math.log(limits.scale[1]), rng))
    squeeze = torch.exp(uniform(n, -math.log(stretch), math.log(stretch), rng) / 2)
    turn = uniform(n, -math.radians(limits.rotation_deg), math.radians(limits.rotation_deg), rng)
    matrix = torch.zeros(n, 3, 3)
    sizes = torch.diag_embed(torch.stack([squeeze, 1 / squeeze], dim=1) / zoom[:, None])
    # The squeeze comes last, along the picture's own axes: photos are squeezed when their file is resized.
    matrix[:, :2, :2] = _rotation(turn) @ sizes
    matrix[:, :2, 2] = (torch.rand(n, 2, generator=rng) * 2 - 1) * 2 * limits.shift
    matrix[:, 2, :2] = (torch.rand(n, 2, generator=rng) * 2 - 1) * limits.perspective
    matrix[:, 2, 2] = 1
    matrix = matrix.to(images.device)
    step = (torch.arange(size, dtype=torch.float32, device=images.device) + 0.5) / size * 2 - 1
    rows, columns = torch.meshgrid(step, step, indexing="ij")
    points = torch.stack([columns, rows, torch.ones_like(rows)], dim=-1).view(1, -1, 3)
    warped = points @ matrix.transpose(1, 2)
    grid = (warped[..., :2] / warped[..., 2:].clamp_min(0.2)).view(n, size, size, 2)
    # Sampling a larger picture at fewer points aliases: shrink it first to about the size of the result.
    if images.shape[-1] > size * 1.2:
        images = F.interpolate(
            images, size=(int(size * 1.2),) * 2, mode="bilinear", antialias=True, align_corners=False
        )
    return F.grid_sample(images, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def _rotation(angle: Tensor) -> Tensor:
    """(n, 2, 2) rotations by `angle` (n,) in radians."""
    return torch.stack([torch.cos(angle), -torch.sin(angle), torch.sin(angle), torch.cos(angle)], dim=1).view(-1, 2, 2)


def flip(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Some images are mirrored, which makes another part of one that has a left and a right hand."""
    if share <= 0:
        return images
    return torch.where(random_mask(len(images), share, rng).bool().to(images.device), images.flip(-1), images)


def smooth_noise(
    n: int, channels: int, size: int, rng: torch.Generator, device: torch.device, cells: int = 6
) -> Tensor:
    """(n, channels, size, size) smooth random fields in [0, 1] on `device`."""
    coarse = torch.rand(n, channels, cells, cells, generator=rng).to(device)
    return F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False).clamp_(0, 1)


def jitter(images: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Brightness, contrast, saturation, white balance and gamma, each by a random factor."""
    n = len(images)

    def factor(spread: float, channels: int = 1) -> Tensor:
        draw = torch.rand(n, channels, 1, 1, generator=rng) * 2 - 1
        return torch.exp(draw * spread * strength).to(images.device)

    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * factor(0.6)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = (mean + (images - mean) * factor(0.5)) * factor(0.5) * factor(0.2, 3)
    return images.clamp(1e-4, 1).pow(factor(0.4))


def greyscale(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Some images lose their colour."""
    mask = random_mask(len(images), share, rng).to(images.device)
    return torch.lerp(images, images.mean(dim=1, keepdim=True).expand_as(images), mask)


def recolour(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Some images get another tint: their brightness, stretched to a random level, times a random colour."""
    n = len(images)
    mask = random_mask(n, share, rng).to(images.device)
    brightness = images.amax(dim=1, keepdim=True)
    tint = torch.rand(n, 3, 1, 1, generator=rng).to(images.device)
    tint = tint / tint.amax(dim=1, keepdim=True).clamp_min(1e-3)
    tint = tint * uniform(n, 0.3, 1.3, rng).view(n, 1, 1, 1).to(images.device)
    level = 0.6 / brightness.flatten(1).quantile(0.8, dim=1).clamp_min(0.1).view(n, 1, 1, 1)
    return torch.lerp(images, (brightness * level * tint).clamp(0, 1), mask)


def highlights(images: Tensor, alpha: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Specular glare: on some images, smooth blobs on the part are washed out to white (a flash, a window)."""
    n, _, size, _ = images.shape
    field = smooth_noise(n, 1, size, rng, images.device, cells=7)
    threshold = uniform(n, 0.55, 0.9, rng).view(n, 1, 1, 1).to(images.device)
    blob = ((field - threshold) * 12).clamp(0, 1) * alpha * random_mask(n, share, rng).to(images.device)
    return torch.lerp(images, torch.ones_like(images), blob)


def shadow(background: Tensor, alpha: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Contact shadow: on some images the background darkens by the part's outline, blurred and moved a little."""
    n, _, size, _ = background.shape
    soft = F.interpolate(
        F.avg_pool2d(alpha, 5, stride=4, padding=2), size=(size, size), mode="bilinear", align_corners=False
    )
    move = torch.eye(2, 3).repeat(n, 1, 1)
    move[:, :, 2] = (torch.rand(n, 2, generator=rng) * 2 - 1) * 0.12
    grid = F.affine_grid(move.to(background.device), [n, 1, size, size], align_corners=False)
    soft = F.grid_sample(soft, grid, align_corners=False)
    depth = uniform(n, 0.1, 0.8, rng).view(n, 1, 1, 1).to(background.device) * random_mask(n, share, rng).to(
        background.device
    )
    return background * (1 - soft * depth)


def blur(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Some images are a little out of focus."""
    mask = random_mask(len(images), share, rng) * torch.rand(len(images), 1, 1, 1, generator=rng)
    soft = F.avg_pool2d(F.avg_pool2d(images, 3, 1, 1, count_include_pad=False), 3, 1, 1, count_include_pad=False)
    return torch.lerp(images, soft, mask.to(images.device))


def low_resolution(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Some images are shrunk and enlarged again, as a small part in a large photo is."""
    size = images.shape[-1]
    mask = random_mask(len(images), share, rng).to(images.device)
    small = max(8, int(size * float(uniform(1, 0.25, 0.7, rng))))
    coarse = F.interpolate(images, size=(small, small), mode="bilinear", antialias=True, align_corners=False)
    return torch.lerp(images, F.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1), mask)


def jpeg(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Some images were stored as JPEG, each at a quality of its own between 20 and 80; on the CPU, where JPEG lives."""
    if share <= 0:
        return images
    from torchvision.transforms.v2 import functional

    result = images.clone()
    mask, quality = random_mask(len(images), share, rng), uniform(len(images), *JPEG_QUALITY, rng)
    for row in mask.flatten().nonzero().flatten().tolist():
        stored = functional.jpeg((images[row] * 255).round().to("cpu", torch.uint8), quality=int(quality[row]))
        result[row] = stored.to(images.device) / 255
    return result


def noise(images: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Sensor noise, its level drawn for each image."""
    level = uniform(len(images), 0, 0.12 * strength, rng).view(-1, 1, 1, 1)
    return (images + _normal(images.shape, rng, images.device) * level.to(images.device)).clamp(0, 1)


def _normal(shape: torch.Size, rng: torch.Generator, device: torch.device) -> Tensor:
    """Standard normal numbers; on a device other than the CPU drawn there, by a generator that `rng` seeds."""
    if device.type == "cpu":
        return torch.randn(shape, generator=rng)
    there = torch.Generator(device).manual_seed(int(torch.randint(2**62, (1,), generator=rng)))
    return torch.randn(shape, generator=there, device=device)


def erase(images: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Some images lose a rectangle to a plain colour (random erasing, Zhong et al. 2020)."""
    n, _, size, _ = images.shape
    step = torch.arange(size) / size
    low = torch.rand(n, 2, generator=rng) * 0.9
    high = low + 0.1 + torch.rand(n, 2, generator=rng) * 0.25
    inside = ((step >= low[..., None]) & (step < high[..., None])).to(images.device)  # (n, 2, size)
    hole = (inside[:, 0, :, None] & inside[:, 1, None, :]).float().unsqueeze(1)
    hole = hole * random_mask(n, share, rng).to(images.device)
    return torch.lerp(images, torch.rand(n, 3, 1, 1, generator=rng).to(images.device).expand_as(images), hole)
