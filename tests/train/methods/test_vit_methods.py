"""TVT and CDTrans against plain NumPy, written from the papers' equations, and on digits with a tiny transformer."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.special import erf, expit, softmax

from cad2real.errors import UserError
from tests.train.digits import accuracy, digits, trained
from tests.train.methods.test_methods_adapt import CLASSES, SIZE
from tests.train.methods.tiny_vit import WIDTH, tiny_vit, vit_task
from train.losses.cdtrans import centred_labels, distillation_loss, two_way_pairs
from train.losses.tvt import patch_adversarial_loss
from train.methods.batch import Setting
from train.methods.cdtrans import CdTrans
from train.model import Model, save_model
from train.networks.backbones import create_backbone
from train.networks.classifier import Classifier
from train.networks.cross_attention import paired_features
from train.networks.new_network import new_network
from train.networks.pooling import pool_by
from train.networks.transferable import make_transferable, patch_costs, transferability, watched
from train.params import AdaptParams

Float = npt.NDArray[np.float64]


def random_vit(transferable: bool) -> Any:
    """In float64, so that the oracle agrees closely; the patch discriminator knows something."""
    torch.manual_seed(0)
    network: Any = tiny_vit().double().eval()
    if transferable:
        make_transferable(network, 0)
        for parameter in network.blocks[-1].attn.patch_discriminator.parameters():
            torch.nn.init.normal_(parameter)
        network.double()
    return network


class Oracle:
    """A transformer's blocks in NumPy, one image and one head at a time."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.state = {name: value.detach().numpy() for name, value in network.state_dict().items()}

    def linear(self, name: str, rows: Float) -> Float:
        result: Float = rows @ self.state[f"{name}.weight"].T + self.state[f"{name}.bias"]
        return result

    def norm(self, name: str, rows: Float) -> Float:
        centred = rows - rows.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-6)
        result: Float = scaled * self.state[f"{name}.weight"] + self.state[f"{name}.bias"]
        return result

    def embed(self, image: torch.Tensor) -> Float:
        with torch.no_grad():
            embedded = self.network._pos_embed(self.network.patch_embed(image[None]))[0]
        result: Float = embedded.numpy()
        return result

    def projections(self, block: int, rows: Float) -> list[tuple[Float, Float, Float]]:
        """Query, key and value of each head."""
        joint = self.linear(f"blocks.{block}.attn.qkv", self.norm(f"blocks.{block}.norm1", rows))
        query, key, value = np.split(joint, 3, axis=1)
        heads = self.network.blocks[block].attn.num_heads
        split = (np.split(each, heads, axis=1) for each in (query, key, value))
        return list(zip(*split, strict=True))

    def attend(self, block: int, asks: list[Any], answers: list[Any], weigh: Any = None) -> Float:
        """softmax(q k^T / sqrt(d)) v of each head, joined and projected; `weigh` changes a head's weights."""
        outputs = []
        for (query, _, _), (_, key, value) in zip(asks, answers, strict=True):
            weights = softmax(query @ key.T / np.sqrt(query.shape[1]), axis=1)
            if weigh is not None:
                weights = weigh(weights, key)
            outputs.append(weights @ value)
        return self.linear(f"blocks.{block}.attn.proj", np.concatenate(outputs, axis=1))

    def mlp(self, block: int, rows: Float) -> Float:
        hidden = self.linear(f"blocks.{block}.mlp.fc1", self.norm(f"blocks.{block}.norm2", rows))
        return self.linear(f"blocks.{block}.mlp.fc2", hidden * 0.5 * (1 + erf(hidden / np.sqrt(2))))

    def gelu_mlp(self, name: str, rows: Float) -> Float:
        hidden = self.linear(f"{name}.0", rows)
        return self.linear(f"{name}.2", hidden * 0.5 * (1 + erf(hidden / np.sqrt(2))))


def test_the_class_token_attends_to_what_transfers() -> None:
    """TVT's eq. 2 to 4: entropies of D on the keys of each head, in bits, times the class token's attention."""
    network, images = random_vit(transferable=True), torch.rand(3, 3, 8, 8, dtype=torch.float64)
    oracle, costs, expected = Oracle(network), [], []
    for image in images:
        rows, shares = oracle.embed(image), []

        def weigh(weights: Float, key: Float, shares: list[Float] = shares) -> Float:
            share = expit(oracle.gelu_mlp("blocks.2.attn.patch_discriminator", key[1:]))[:, 0]
            shares.append(share)
            entropy = -(share * np.log2(share) + (1 - share) * np.log2(1 - share))
            changed = weights.copy()
            changed[0] *= np.concatenate([[1.0], entropy])
            return changed

        for block in range(3):
            projected = oracle.projections(block, rows)
            rows = rows + oracle.attend(block, projected, projected, weigh if block == 2 else None)
            rows = rows + oracle.mlp(block, rows)
        expected.append(oracle.norm("norm", rows)[0])
        costs.append([-np.log(np.array(shares)).mean(), -np.log(1 - np.array(shares)).mean()])
    (attention,) = watched(network)
    attention.seen = []
    with torch.no_grad():
        np.testing.assert_allclose(network(images).numpy(), expected, rtol=1e-5, atol=1e-6)
    found = patch_costs(attention.seen[0])
    np.testing.assert_allclose(found.numpy(), costs, rtol=1e-5)
    loss = patch_adversarial_loss(found[:2], found[2:])
    assert float(loss) == pytest.approx(0.5 * (np.mean([costs[0][0], costs[1][0]]) + costs[2][1]), rel=1e-5)


def test_an_ignorant_discriminator_leaves_the_network_as_it_was() -> None:
    torch.manual_seed(0)
    plain: Any = tiny_vit().eval()
    weighed = copy.deepcopy(plain)
    make_transferable(weighed, 0)
    images = torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(weighed(images), plain(images), rtol=1e-5, atol=1e-6)
    assert transferability(torch.tensor([-60.0, 60.0])).abs().max() < 1e-6  # nothing transfers, and no NaN


def test_keys_learn_to_fool_the_discriminator() -> None:
    """The gradient at the keys is the reversed one, that at the discriminator is not; the classifier moves it not."""
    network = random_vit(transferable=True)
    (attention,) = watched(network)
    tokens = torch.rand(2, 17, WIDTH, dtype=torch.float64)
    attention.seen = []
    output = attention(tokens)
    weight, last = attention.qkv.weight, attention.patch_discriminator[2].weight
    loss = patch_costs(attention.seen[0])[:, 0].mean()
    reversed_, straight = torch.autograd.grad(loss, [weight, last], retain_graph=True)
    keys = attention.qkv(tokens).reshape(2, 17, 3, 2, WIDTH // 2).permute(2, 0, 3, 1, 4)[1][:, :, 1:]
    by_hand = patch_costs(attention.patch_discriminator(keys).squeeze(-1))[:, 0].mean()
    expected = torch.autograd.grad(by_hand, [weight, last])
    torch.testing.assert_close(reversed_, -expected[0], rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(straight, expected[1], rtol=1e-4, atol=1e-8)
    assert torch.autograd.grad(output.sum(), [last], allow_unused=True) == (None,)


def test_the_branch_between_asks_the_target_with_the_queries_of_the_source() -> None:
    """CDTrans's eq. 4 and figure 2: three branches, and the third adds up from nothing."""
    network, pairs = random_vit(transferable=False), torch.rand(2, 2, 3, 8, 8, dtype=torch.float64)
    oracle, expected = Oracle(network), []
    for source_image, target_image in pairs:
        source, target = oracle.embed(source_image), oracle.embed(target_image)
        between = np.zeros_like(source)
        for block in range(3):
            asks, answers = oracle.projections(block, source), oracle.projections(block, target)
            between = between + oracle.attend(block, asks, answers)
            between = between + oracle.mlp(block, between)
            source = source + oracle.attend(block, asks, asks)
            source = source + oracle.mlp(block, source)
            target = target + oracle.attend(block, answers, answers)
            target = target + oracle.mlp(block, target)
        expected.append(np.concatenate([oracle.norm("norm", rows)[0] for rows in (source, target, between)]))
    with torch.no_grad():
        found = paired_features(network, pairs)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(found[:, :WIDTH], network(pairs[:, 0]), rtol=1e-5, atol=1e-6)
        pool_by("token and patches", network)
        assert paired_features(network, pairs).shape == (2, 6 * WIDTH)


def test_pairs_labels_and_distillation_by_hand() -> None:
    rng = np.random.default_rng(0)
    source, target, centres = rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=(2, 4))

    def distance(a: Float, b: Float) -> float:
        return 1 - float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    nearest = [[i, min(range(3), key=lambda j: distance(source[i], target[j]))] for i in range(5)]
    nearest += [[min(range(5), key=lambda i: distance(source[i], target[j])), j] for j in range(3)]
    tensors = torch.from_numpy(source), torch.from_numpy(target)
    assert two_way_pairs(*tensors).tolist() == nearest
    labels = [min(range(2), key=lambda k: distance(centres[k], row)) for row in target]
    assert centred_labels(tensors[1], torch.from_numpy(centres)).tolist() == labels
    logits, teacher = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    by_hand = -(softmax(teacher, axis=1) * np.log(softmax(logits, axis=1))).sum(axis=1).mean()
    student, frozen = torch.from_numpy(logits).requires_grad_(), torch.from_numpy(teacher).requires_grad_()
    loss = distillation_loss(student, frozen)
    torch.autograd.backward(loss)
    assert float(loss) == pytest.approx(by_hand, rel=1e-5) and frozen.grad is None and student.grad is not None


def test_centres_follow_the_photos() -> None:
    """Two clusters that the teacher mostly, not always, names rightly: the centre of each names all of it."""
    method = CdTrans(Setting(2, 2, AdaptParams(), 1.0, 0))
    features = torch.tensor([[1.0, 0.1], [0.9, -0.1], [1.0, 0.0], [0.0, 1.0], [0.1, 1.0]])
    teacher = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.1, 0.9], [0.2, 0.8]])
    assert method.labels(features, teacher).tolist() == [0, 0, 0, 1, 1]
    assert {"soft", "hard"} <= set(method.state_dict())


@pytest.mark.parametrize("method", ["tvt", "cdtrans"])
@pytest.mark.parametrize("name", ["test_efficientnet", "swinv2_cr_tiny_ns_224", "vit_relpos_small_patch16_224"])
def test_other_networks_are_refused(name: str, method: str) -> None:
    from train.methods import METHODS

    with torch.device("meta"):
        import timm

        network = timm.create_model(name, pretrained=False, num_classes=0)
    with pytest.raises(UserError, match=f"{method} is for vision transformers"):
        METHODS[method].prepare(Classifier(network, 8, 2, (0.0,) * 3, (1.0,) * 3), 0)  # type: ignore[arg-type]


def test_a_feature_that_is_no_class_token_is_refused() -> None:
    network = create_backbone("test_vit2", "random", 32)
    network.global_pool = "avg"  # type: ignore[assignment]
    with pytest.raises(UserError, match="class token"):
        make_transferable(network, 0)


def test_a_model_keeps_its_attention_on_disk(tmp_path: Path) -> None:
    network = new_network("test_vit", "random", CLASSES, SIZE)
    make_transferable(network.backbone, 0)
    for parameter in watched(network.backbone)[0].patch_discriminator.parameters():
        torch.nn.init.normal_(parameter)
    description = {"classes": ["a", "b", "c"], "backbone": "test_vit", "image_size": SIZE, "rotations": 1}
    save_model(tmp_path / "model", network, description | {"parameters": {}})
    again, images = Model.load(tmp_path / "model").network, torch.rand(2, 3, SIZE, SIZE)
    with torch.no_grad():
        assert torch.equal(network(images, "source")[0], again(images, "source")[0])


@cache
def on_digits(method: str) -> float:
    """Accuracy under another light after 80 steps with `method` ("": renders alone), from 120 steps on renders alone:
    CDTrans, whose labels are those of the nearest centre from its first step on, needs a start that knows something
    (from random weights it fell from .61 to .27).
    """
    data = digits()
    begun = vit_task(data, {method: 1.0} if method else {})
    known = _source_only().state_dict()
    for network in (begun.student.network, begun.teacher.network):
        network.load_state_dict(known, strict=method != "tvt")  # what is missing is its discriminator of patches
    return accuracy(trained(begun, data, 80, 1e-3, seed=1), data)


@cache
def _source_only() -> Classifier:
    return trained(vit_task(digits(), {}), digits(), 120, 2e-3).student.network


@pytest.mark.parametrize("method", ["tvt", "cdtrans"])
def test_digits_under_another_light_are_read_better_by_a_transformer(method: str) -> None:
    assert on_digits(method) > on_digits("") + 0.1
