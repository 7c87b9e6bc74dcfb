"""Random changes of a batch of images in the values of their pixels, each image by its own draw.

Images are float in [0, 1], shape (n, c, s, s). How a change is drawn on the CPU and computed on the images' device:
`train.data.draws`. Changes of geometry: `train.data.warp`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import Tensor

from train.data.draws import chosen_rows, replaced, smooth_field, uniform

JPEG_QUALITY = (20.0, 80.0)


@dataclass(frozen=True)
class Jitter:
    """Saturation, contrast, brightness, white balance (n, 3, 1, 1) and gamma, each by a random factor (n, 1, 1, 1)."""

    saturation: Tensor
    contrast: Tensor
    brightness: Tensor
    white_balance: Tensor
    gamma: Tensor

    @classmethod
    def draw(cls, n: int, strength: float, rng: torch.Generator) -> Jitter:
        def factor(spread: float, channels: int = 1) -> Tensor:
            draw = torch.rand(n, channels, 1, 1, generator=rng) * 2 - 1
            return torch.exp(draw * spread * strength)

        return cls(factor(0.6), factor(0.5), factor(0.5), factor(0.2, 3), factor(0.4))

    def __call__(self, images: Tensor) -> Tensor:
        grey = images.mean(dim=1, keepdim=True)
        images = grey + (images - grey) * self.saturation
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        images = (mean + (images - mean) * self.contrast) * self.brightness * self.white_balance
        return images.clamp(1e-4, 1).pow(self.gamma)


@dataclass(frozen=True)
class Greyscale:
    """The images of `rows` (k,) lose their colour."""

    rows: Tensor

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> Greyscale:
        return cls(chosen_rows(n, share, rng))

    def __call__(self, images: Tensor) -> Tensor:
        if not len(self.rows):
            return images
        colourful = images[self.rows]
        return replaced(images, self.rows, colourful.mean(dim=1, keepdim=True).expand_as(colourful))


@dataclass(frozen=True)
class Recolour:
    """The images of `rows` (k,) get another tint: their brightness, stretched to a random level, times a random colour
    `tint` (k, 3, 1, 1).
    """

    rows: Tensor
    tint: Tensor

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> Recolour:
        rows = chosen_rows(n, share, rng)
        tint = torch.rand(n, 3, 1, 1, generator=rng)
        tint = tint / tint.amax(dim=1, keepdim=True).clamp_min(1e-3)
        tint = tint * uniform(n, 0.3, 1.3, rng).view(n, 1, 1, 1)
        return cls(rows, tint[rows])

    def __call__(self, images: Tensor) -> Tensor:
        if not len(self.rows):
            return images
        brightness = images[self.rows].amax(dim=1, keepdim=True)
        level = 0.6 / brightness.flatten(1).quantile(0.8, dim=1).clamp_min(0.1).view(-1, 1, 1, 1)
        return replaced(images, self.rows, (brightness * level * self.tint).clamp(0, 1))


@dataclass(frozen=True)
class Highlights:
    """Specular glare: on the images of `rows` (k,), smooth blobs on the part are washed out to white (a flash, a
    window), where a field made of `coarse` (k, 1, 7, 7) is above `threshold` (k, 1, 1, 1).
    """

    rows: Tensor
    coarse: Tensor
    threshold: Tensor

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> Highlights:
        coarse = torch.rand(n, 1, 7, 7, generator=rng)
        threshold = uniform(n, 0.55, 0.9, rng).view(n, 1, 1, 1)
        rows = chosen_rows(n, share, rng)
        return cls(rows, coarse[rows], threshold[rows])

    def __call__(self, images: Tensor, alpha: Tensor) -> Tensor:
        if not len(self.rows):
            return images
        some = images[self.rows]
        blob = ((smooth_field(self.coarse, images.shape[-1]) - self.threshold) * 12).clamp(0, 1) * alpha[self.rows]
        return replaced(images, self.rows, torch.lerp(some, torch.ones_like(some), blob))


@dataclass(frozen=True)
class Shadow:
    """Contact shadow: on the images of `rows` (k,) the background darkens, by `depth` (k, 1, 1, 1), behind the part's
    outline, blurred and moved a little by `move` (k, 2, 3).
    """

    rows: Tensor
    move: Tensor
    depth: Tensor

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> Shadow:
        move = torch.eye(2, 3).repeat(n, 1, 1)
        move[:, :, 2] = (torch.rand(n, 2, generator=rng) * 2 - 1) * 0.12
        depth = uniform(n, 0.1, 0.8, rng).view(n, 1, 1, 1)
        rows = chosen_rows(n, share, rng)
        return cls(rows, move[rows], depth[rows])

    def __call__(self, background: Tensor, alpha: Tensor) -> Tensor:
        if not len(self.rows):
            return background
        size, outline = background.shape[-1], alpha[self.rows]
        soft = F.interpolate(
            F.avg_pool2d(outline, 5, stride=4, padding=2), size=(size, size), mode="bilinear", align_corners=False
        )
        grid = F.affine_grid(self.move, [len(soft), 1, size, size], align_corners=False)
        soft = F.grid_sample(soft, grid, align_corners=False)
        return replaced(background, self.rows, background[self.rows] * (1 - soft * self.depth))


@dataclass(frozen=True)
class Blur:
    """The images of `rows` (k,) are out of focus, by `share` (k, 1, 1, 1) of the way to a picture that is blurred."""

    rows: Tensor
    share: Tensor

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> Blur:
        rows = chosen_rows(n, share, rng)
        return cls(rows, torch.rand(n, 1, 1, 1, generator=rng)[rows])

    def __call__(self, images: Tensor) -> Tensor:
        if not len(self.rows):
            return images
        sharp = images[self.rows]
        soft = F.avg_pool2d(F.avg_pool2d(sharp, 3, 1, 1, count_include_pad=False), 3, 1, 1, count_include_pad=False)
        return replaced(images, self.rows, torch.lerp(sharp, soft, self.share))


@dataclass(frozen=True)
class LowResolution:
    """The images of `rows` (k,) are shrunk to `share` of their side and enlarged again, as is a small part in a large
    photo.
    """

    rows: Tensor
    share: float

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> LowResolution:
        return cls(chosen_rows(n, share, rng), float(uniform(1, 0.25, 0.7, rng)))

    def __call__(self, images: Tensor) -> Tensor:
        if not len(self.rows):
            return images
        size = images.shape[-1]
        small = max(8, int(size * self.share))
        coarse = F.interpolate(
            images[self.rows], size=(small, small), mode="bilinear", antialias=True, align_corners=False
        )
        return replaced(images, self.rows, F.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1))


@dataclass(frozen=True)
class Jpeg:
    """The images of `rows` were stored as JPEG, each at a `quality` of its own (20 to 80): on the CPU."""

    rows: tuple[int, ...]
    quality: tuple[int, ...]

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> Jpeg:
        if share <= 0:
            return cls((), ())
        rows = chosen_rows(n, share, rng).tolist()
        quality = uniform(n, *JPEG_QUALITY, rng)
        return cls(tuple(rows), tuple(int(quality[row]) for row in rows))

    def __call__(self, images: Tensor) -> Tensor:
        if not self.rows:
            return images
        from torchvision.transforms.v2 import functional

        rows = list(self.rows)
        here = (images[rows] * 255).round().to("cpu", torch.uint8)
        stored = [functional.jpeg(image, quality=quality) for image, quality in zip(here, self.quality, strict=True)]
        result = images.clone()
        result[rows] = torch.stack(stored).to(images.device) / 255
        return result


@dataclass(frozen=True)
class Noise:
    """Sensor noise of a `level` (n, 1, 1, 1) for each image. On a CPU `normal` (n, c, s, s) holds the standard normal
    numbers; other devices make their own from `seed`: a CPU that made them would keep a GPU waiting. They make those
    of all `images` of the batch, of which these begin at number `first`.
    """

    level: Tensor
    normal: Tensor | None
    seed: int
    images: int
    first: int = 0

    @classmethod
    def draw(cls, shape: tuple[int, ...], strength: float, rng: torch.Generator, device: torch.device) -> Noise:
        """Of images of `shape` on `device`."""
        level = uniform(shape[0], 0, 0.12 * strength, rng).view(-1, 1, 1, 1)
        if device.type == "cpu":
            return cls(level, torch.randn(shape, generator=rng), 0, shape[0])
        return cls(level, None, int(torch.randint(2**62, (1,), generator=rng)), shape[0])

    def own_rows(self, first: int, last: int) -> Noise:
        """See `train.data.own_rows`."""
        normal = None if self.normal is None else self.normal[first:last]
        return Noise(self.level[first:last], normal, self.seed, self.images, self.first + first)

    def __call__(self, images: Tensor) -> Tensor:
        normal = self.normal
        if normal is None:
            of_all = images if len(images) == self.images else images[:1].expand(self.images, *images.shape[1:])
            normal = normal_there(of_all, self.seed)[self.first : self.first + len(images)]
        return (images + normal * self.level).clamp(0, 1)


def normal_there(like: Tensor, seed: int) -> Tensor:
    """Standard normal numbers of the shape of `like`, made on its device."""
    there = torch.Generator(like.device).manual_seed(seed)
    return torch.randn(like.shape, generator=there, device=like.device)


@dataclass(frozen=True)
class Erase:
    """The images of `rows` (k,) lose a rectangle from `low` to `high` (k, 2; shares of the side, x and y) to a plain
    `colour` (k, 3, 1, 1) (random erasing, Zhong et al. 2020).
    """

    rows: Tensor
    low: Tensor
    high: Tensor
    colour: Tensor

    @classmethod
    def draw(cls, n: int, share: float, rng: torch.Generator) -> Erase:
        low = torch.rand(n, 2, generator=rng) * 0.9
        high = low + 0.1 + torch.rand(n, 2, generator=rng) * 0.25
        rows = chosen_rows(n, share, rng)
        return cls(rows, low[rows], high[rows], torch.rand(n, 3, 1, 1, generator=rng)[rows])

    def __call__(self, images: Tensor) -> Tensor:
        if not len(self.rows):
            return images
        size = images.shape[-1]
        step = torch.arange(size, device=images.device) / size
        inside = (step >= self.low[..., None]) & (step < self.high[..., None])  # (k, 2, size)
        hole = (inside[:, 0, :, None] & inside[:, 1, None, :]).unsqueeze(1)
        return replaced(images, self.rows, torch.where(hole, self.colour, images[self.rows]))
