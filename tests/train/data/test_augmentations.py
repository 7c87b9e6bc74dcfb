"""Augmentation changes pictures as said, each image by its own draw, and the same for the same seed."""

from dataclasses import replace

import pytest
import torch

from train.augment_params import AugmentParams, BackgroundParams, TargetAugmentParams
from train.compute.copies import moved
from train.data import augmentations, batches
from train.data.augmentations import Jpeg
from train.data.augmix import OPERATIONS, AugMix
from train.data.batches import StrongTargetView, TargetView
from train.data.behind_parts import Background
from train.data.warp import Flip, Warp, WarpRange
from train.params import TrainParams

SIZE = 32


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def renders(n: int = 4) -> torch.Tensor:
    pictures = torch.zeros(n, 4, SIZE, SIZE)
    pictures[:, 0, 8:24, 8:24] = 1.0  # a red square part
    pictures[:, 3, 8:24, 8:24] = 1.0
    return pictures


def source(pictures: torch.Tensor, changes: AugmentParams, seed: int = 0) -> torch.Tensor:
    params = TrainParams(image_size=SIZE, source_augment=changes)
    return batches.source_view(pictures, params, None, None, rng(seed))


def weak(photos: torch.Tensor, changes: TargetAugmentParams, size: int = SIZE) -> torch.Tensor:
    return TargetView.draw(len(photos), TrainParams.model_construct(image_size=size, target_augment=changes), rng())(
        photos
    )


STILL = WarpRange(scale=(1.0, 1.0), rotation_deg=0.0, shift=0.0)


def test_warp_without_strength_changes_nothing() -> None:
    images = torch.rand(2, 3, SIZE, SIZE)
    assert torch.allclose(Warp.draw(2, STILL, rng())(images, SIZE, "zeros"), images, atol=1e-4)


def test_warp_zooms_by_the_scale() -> None:
    alpha = renders()[:, 3:]
    larger = Warp.draw(len(alpha), replace(STILL, scale=(1.5, 1.5)), rng())(alpha, SIZE, "zeros")
    assert 2.0 < (larger.sum() / alpha.sum()).item() < 2.5  # 1.5 squared


def test_a_share_of_images_are_close_ups_of_a_piece() -> None:
    whole = torch.zeros(300, 1, SIZE, SIZE)
    whole[:, :, 3:29, 3:29] = 1.0  # as large in the picture as renders show parts
    seen = Warp.draw(300, replace(STILL, close_up_p=0.4), rng())(whole, SIZE, "zeros")
    near = (seen - whole).abs().amax(dim=(1, 2, 3)) > 0.1
    assert 90 <= near.sum() <= 150
    cut = torch.cat([seen[near, 0, 0], seen[near, 0, -1], seen[near, 0, :, 0], seen[near, 0, :, -1]], dim=1)
    assert (cut.amax(dim=1) > 0.5).float().mean() > 0.7  # the part goes on beyond the picture
    assert seen[near].mean(dim=(1, 2, 3)).min() > 0.5  # and is what the picture shows


def test_warp_turns_but_never_mirrors() -> None:
    picture = torch.zeros(64, 1, SIZE, SIZE)
    picture[:, :, 4:28, 14:18] = 1.0
    picture[:, :, 4:10, 18:24] = 1.0  # a flag on its right: its mirror image is no rotation of it
    any_turn = replace(STILL, rotation_deg=180.0)
    warped = Warp.draw(64, any_turn, rng())(picture, SIZE, "zeros")
    turns = Warp.draw(300, any_turn, rng(1))(picture[:1].repeat(300, 1, 1, 1), SIZE, "zeros")
    mirrored = turns.flip(-1)
    to_turns = torch.cdist(warped.flatten(1), turns.flatten(1)).amin(1)
    to_mirrors = torch.cdist(warped.flatten(1), mirrored.flatten(1)).amin(1)
    assert (to_turns < to_mirrors).float().mean() > 0.95


def test_a_share_of_images_is_mirrored() -> None:
    images = torch.rand(200, 3, 4, 4)
    flipped = Flip.draw(200, 0.3, rng())(images)
    mirrored = (flipped == images.flip(-1)).all(dim=(1, 2, 3))
    assert ((flipped == images).all(dim=(1, 2, 3)) ^ mirrored).all()
    assert 40 <= mirrored.sum() <= 80
    photos = weak(images, TargetAugmentParams(flip_p=1.0, jitter=0.0), 4)
    assert not torch.allclose(photos, weak(images, TargetAugmentParams(jitter=0.0), 4))


def test_jpeg_leaves_its_traces_in_a_share_of_images() -> None:
    images = torch.rand(100, 3, 16, 16)
    stored = Jpeg.draw(100, 0.5, rng())(images)
    changed = (stored != images).any(dim=3).any(dim=2).any(dim=1)
    assert 30 <= changed.sum() <= 70
    assert stored.min() >= 0 and stored.max() <= 1
    smooth = torch.linspace(0, 1, 16).expand(1, 3, 16, 16)
    assert (Jpeg.draw(1, 1.0, rng())(smooth) - smooth).abs().max() < 0.2  # what JPEG is made for it keeps


def test_images_stay_on_their_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On PyTorch's `meta` device, which refuses to be mixed with the CPU's tensors, as a GPU does."""
    monkeypatch.setattr(augmentations, "normal_there", lambda like, seed: torch.empty_like(like))
    everything = AugmentParams(
        recolour_p=1.0, blur_p=1.0, low_resolution_p=1.0, highlights_p=1.0, shadow_p=1.0, erase_p=1.0, flip_p=0.5
    )
    photos = torch.randint(255, (3, 3, SIZE, SIZE), dtype=torch.uint8).numpy()
    params = TrainParams(
        image_size=SIZE,
        source_augment=everything,
        background=BackgroundParams(folder="any"),
        target_augment=TargetAugmentParams(flip_p=0.5),
    )
    there = torch.device("meta")
    views = batches.source_view(renders(), params, photos, photos, rng(), there)
    change, pictures = moved((StrongTargetView.draw(4, params, rng(), there), renders()[:, :3]), there)
    strong = change(pictures)
    assert views.is_meta and strong.is_meta and views.shape == strong.shape == (4, 3, SIZE, SIZE)


def test_every_image_has_its_own_draw_and_a_seed_repeats_it() -> None:
    first = source(renders(), AugmentParams(), 1)
    assert torch.equal(first, source(renders(), AugmentParams(), 1))
    assert not torch.equal(first, source(renders(), AugmentParams(), 2))
    assert not torch.allclose(first[0], first[1])
    assert first.min() >= 0 and first.max() <= 1


def test_the_part_stays_and_the_background_is_replaced() -> None:
    quiet = AugmentParams(
        scale=(1.0, 1.0),
        rotation_deg=0.0,
        stretch=1.0,
        shift=0.0,
        perspective=0.0,
        jitter=0.0,
        grey_p=0.0,
        recolour_p=0.0,
        blur_p=0.0,
        low_resolution_p=0.0,
        noise=0.0,
        highlights_p=0.0,
        shadow_p=0.0,
        erase_p=0.0,
    )
    images = source(renders(8), quiet)
    assert torch.allclose(images[:, 0, 10:22, 10:22], torch.ones(8, 12, 12), atol=1e-2)
    assert torch.allclose(images[:, 1:, 10:22, 10:22], torch.zeros(8, 2, 12, 12), atol=1e-2)
    corners = images[:, :, 2, 2]
    assert corners.std(dim=0).min() > 0.02  # backgrounds differ


def test_backgrounds_can_come_from_the_photos_corners() -> None:
    import numpy as np

    photos = np.full((3, 3, 48, 48), 51, dtype=np.uint8)
    photos[:, :, 16:32, 16:32] = 255  # the part in the middle must not be taken
    behind = Background.draw(6, BackgroundParams(colour=0.0, gradient=0.0, target=1.0), photos, rng())(SIZE)
    assert torch.allclose(behind, torch.full_like(behind, 0.2), atol=1e-3)


def test_target_views_differ_in_strength() -> None:
    photos = torch.rand(4, 3, 48, 48)
    strong = StrongTargetView.draw(4, TrainParams(image_size=SIZE), rng(), torch.device("cpu"))(photos)
    seen = weak(photos, TargetAugmentParams())
    assert seen.shape == strong.shape == (4, 3, SIZE, SIZE)
    assert not torch.allclose(seen, strong)


@pytest.mark.parametrize("name", ["grey_p", "recolour_p", "blur_p", "low_resolution_p", "erase_p", "highlights_p"])
def test_a_change_of_some_images_leaves_the_others_to_the_bit(name: str) -> None:
    """And each changed image is what it is where all are changed: a share decides who, not how."""
    nothing = dict.fromkeys(("grey_p", "recolour_p", "blur_p", "low_resolution_p", "erase_p", "highlights_p"), 0.0)
    pictures = renders(40)
    pictures[:, :3] *= torch.rand(40, 3, 1, 1, generator=rng(7))
    none, some, all_ = (source(pictures, AugmentParams(**{**nothing, name: share})) for share in (0.0, 0.5, 1.0))
    untouched = (some == none).flatten(1).all(1)
    assert 8 <= untouched.sum() <= 36
    assert torch.equal(some[~untouched], all_[~untouched])


def test_plain_view_lays_alpha_on_grey() -> None:
    import numpy as np

    pictures = (renders(1).numpy() * 255).astype(np.uint8)
    plain = batches.plain_view(pictures, SIZE, 0.5)
    assert torch.allclose(plain[0, :, 0, 0], torch.full((3,), 0.5))
    assert torch.allclose(plain[0, :, 16, 16], torch.tensor([1.0, 0.0, 0.0]))


def test_balanced_rows_give_every_class_its_share() -> None:
    import numpy as np

    labels = np.array([0] * 90 + [1] * 9 + [2])
    draw = batches.balanced_rows(labels, 30, np.random.default_rng(0))
    seen = np.concatenate([labels[next(draw)] for _ in range(10)])
    assert np.bincount(seen).tolist() == [100, 100, 100]


def test_shuffled_rows_visit_all_before_repeating_and_survive_tiny_sets() -> None:
    import numpy as np

    draw = batches.shuffled_rows(10, 5, np.random.default_rng(0))
    assert sorted(np.concatenate([next(draw), next(draw)]).tolist()) == list(range(10))
    assert len(next(batches.shuffled_rows(2, 5, np.random.default_rng(0)))) == 5


def test_augmix_changes_its_share_each_picture_its_own_way() -> None:
    images = torch.rand(1, 3, SIZE, SIZE, generator=rng()).repeat(40, 1, 1, 1)
    mixed = AugMix.draw(40, 0.5, rng(1))(images)
    assert torch.equal(mixed, AugMix.draw(40, 0.5, rng(1))(images))
    assert mixed.shape == images.shape and mixed.min() >= 0 and mixed.max() <= 1
    changed = (mixed != images).flatten(1).any(1)
    assert 10 < changed.sum() < 30
    some = mixed[changed]
    assert len(torch.unique(some.flatten(1), dim=0)) == len(some)
    assert AugMix.draw(40, 0.0, rng())(images) is images


def test_no_operation_of_augmix_leaves_a_picture_as_it_is_or_mirrors_it() -> None:
    image = 0.2 + 0.6 * torch.rand(3, SIZE, SIZE, generator=rng())
    image[:, 4:28, 4:10] = 0.95  # bright on its left
    for operation in OPERATIONS:
        for sign in (-1.0, 1.0):
            out = operation(image, 0.3, sign)
            assert out.shape == image.shape and out.min() >= 0 and out.max() <= 1
            assert not torch.equal(out, image)
            assert (out - image).abs().mean() < (out - image.flip(-1)).abs().mean()
