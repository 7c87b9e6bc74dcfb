"""One step of DANN + MCC in plain sight, with any network of timm: python examples/training_step.py."""

import timm
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from train.losses.dann import domain_adversarial_loss
from train.losses.discriminator import DomainDiscriminator
from train.losses.mcc import minimum_class_confusion
from train.losses.reversal import reversal_coefficient

torch.manual_seed(0)
renders, labels, photos = torch.rand(8, 3, 64, 64), torch.arange(8) % 4, torch.rand(8, 3, 64, 64)
network = timm.create_model("test_efficientnet", num_classes=4).eval()  # its batch normalisation stays as it is
discriminator = DomainDiscriminator(network.num_features, hidden=64)
optimizer = torch.optim.AdamW([*network.parameters(), *discriminator.parameters()], lr=1e-3)

features = network.forward_head(network.forward_features(torch.cat([renders, photos])), pre_logits=True)
logits = network.get_classifier()(features)
losses = {
    "source": F.cross_entropy(logits[:8], labels),
    "dann": domain_adversarial_loss(discriminator, features[:8], features[8:], reversal_coefficient(progress=0.5)),
    "mcc": minimum_class_confusion(logits[8:], temperature=2.5),
}
sum(losses.values()).backward()
optimizer.step()
print({name: round(loss.item(), 3) for name, loss in losses.items()})
