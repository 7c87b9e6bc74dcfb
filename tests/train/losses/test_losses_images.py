"""Masks, teachers, Fourier style, reconstruction."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from train.losses import fourier, mic, reconstruction, teacher


def test_patch_mask_hides_whole_blocks_at_the_asked_ratio() -> None:
    generator = torch.Generator().manual_seed(5)
    mask = mic.patch_mask(200, 96, 64, patch=32, ratio=0.7, generator=generator)
    assert mask.shape == (200, 1, 96, 64) and set(mask.flatten().tolist()) == {0.0, 1.0}
    blocks = mask.view(200, 3, 32, 2, 32)
    assert torch.equal(blocks.amin((2, 4)), blocks.amax((2, 4)))
    assert mask.mean().item() == pytest.approx(0.3, abs=0.04)
    again = mic.patch_mask(200, 96, 64, patch=32, ratio=0.7, generator=torch.Generator().manual_seed(5))
    assert torch.equal(mask, again)


def test_patch_mask_of_an_image_smaller_than_a_patch() -> None:
    assert mic.patch_mask(3, 16, 16, patch=64).shape == (3, 1, 16, 16)


def test_teacher_copies_first_then_averages_then_decays() -> None:
    model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.BatchNorm1d(1))
    average = teacher.make_teacher(model)
    assert not any(p.requires_grad for p in average.parameters())
    seen = []
    for updates, value in enumerate((1.0, 2.0, 3.0, 4.0)):
        nn.init.constant_(model[0].weight, value)  # type: ignore[arg-type]
        model[1].running_mean.fill_(value)  # type: ignore[union-attr, operator]
        teacher.TeacherUpdate(average, model)(updates, decay=0.6)
        seen.append(next(average.parameters())[0, 0].item())
    # copy, mean of two, then 1 - 1/3 > .6: decay
    assert seen == pytest.approx([1.0, 1.5, 0.6 * 1.5 + 0.4 * 3, 0.6 * 2.1 + 0.4 * 4])
    assert average.get_buffer("1.running_mean").item() == 4.0
    assert all(torch.equal(p, q) for p, q in zip(model[1].parameters(), model[1].parameters(), strict=True))


def test_fourier_swap_takes_the_targets_colour_and_keeps_the_sources_shape() -> None:
    generator = torch.Generator().manual_seed(0)
    source = 0.3 + 0.1 * torch.rand(2, 3, 16, 20, generator=generator)
    target = 0.6 + 0.1 * torch.rand(2, 3, 16, 20, generator=generator)
    swapped = fourier.swap_low_frequencies(source, target, beta=0.0)
    torch.testing.assert_close(swapped.mean((2, 3)), target.mean((2, 3)))
    shape = swapped - swapped.mean((2, 3), keepdim=True)
    torch.testing.assert_close(shape, source - source.mean((2, 3), keepdim=True), rtol=0, atol=1e-5)


def test_fourier_swap_with_itself_changes_nothing() -> None:
    image = torch.rand(2, 3, 15, 17)
    torch.testing.assert_close(fourier.swap_low_frequencies(image, image, beta=0.1), image, rtol=0, atol=1e-5)
    black = torch.zeros(1, 3, 8, 8)
    assert torch.isfinite(fourier.swap_low_frequencies(black, image[:1, :, :8, :8])).all()
    with pytest.raises(ValueError, match="same shape"):
        fourier.swap_low_frequencies(image, image[:1])


def test_fourier_swap_is_the_shifted_formula() -> None:
    """The published code shifts the spectrum and swaps the square around its centre."""
    generator = torch.Generator().manual_seed(0)
    source, target = 0.4 + 0.2 * torch.rand(2, 1, 1, 20, 24, generator=generator, dtype=torch.float64)
    s, t = (torch.fft.fftshift(torch.fft.fft2(x), dim=(-2, -1)) for x in (source, target))
    amplitude, reach = s.abs(), 2
    square = (..., slice(10 - reach, 10 + reach + 1), slice(12 - reach, 12 + reach + 1))
    amplitude[square] = t.abs()[square]
    expected = torch.fft.ifft2(torch.fft.ifftshift(torch.polar(amplitude, s.angle()), dim=(-2, -1))).real
    torch.testing.assert_close(fourier.swap_low_frequencies(source, target, beta=0.1), expected.clamp(0, 1))


def test_decoder_learns_to_give_the_image_back() -> None:
    torch.manual_seed(0)
    images = torch.rand(4, 3, 16, 16)
    features = torch.randn(4, 10)
    decoder = reconstruction.ImageDecoder(10, side=8, width=8)
    assert decoder(features).shape == (4, 3, 8, 8)
    optimizer = torch.optim.Adam(decoder.parameters(), 0.02)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = reconstruction.reconstruction_loss(decoder(features), images)
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    with pytest.raises(ValueError, match="power of two"):
        reconstruction.ImageDecoder(10, side=20)
