"""Several classifiers of one kind as one."""

import copy

import pytest
import torch

from train.networks.classifier import Classifier
from train.networks.domain_norm import Domain
from train.networks.ensemble import ensemble, member_count
from train.networks.new_network import new_network


def classifier(seed: int) -> Classifier:
    torch.manual_seed(seed)
    network = new_network("mobilenetv3_small_050", "random", 4, 32)
    torch.nn.init.normal_(network.head.weight)
    torch.nn.init.normal_(network.head.bias)
    width = network.head.in_features
    network.norm.set_source(torch.randn(40, width), torch.arange(40) % 4)
    network.norm.target.running_mean.copy_(torch.randn(width))  # type: ignore[union-attr]
    return network


@pytest.mark.parametrize("domain", ["source", "target"])
def test_it_answers_with_the_mean_of_its_members_logits(domain: Domain) -> None:
    members = [classifier(seed) for seed in range(3)]
    images = torch.rand(5, 3, 32, 32)
    with torch.no_grad():
        expected = torch.stack([member(images, domain)[1] for member in copy.deepcopy(members)]).mean(dim=0)
        feature, logits = ensemble(members)(images, domain)
    assert torch.allclose(logits, expected, atol=1e-5)
    assert feature.shape == (5, 3 * members[0].head.in_features)


def test_one_member_is_itself() -> None:
    alone = classifier(0)
    assert ensemble([alone]) is alone and member_count(alone) == 1
    assert member_count(ensemble([classifier(1), classifier(2)])) == 2
