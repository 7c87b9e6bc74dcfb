"""A method of one's own beside CDAN: the means of both domains meet. python examples/custom_method.py PROJECT."""

import sys
from pathlib import Path

from torch import Tensor

from cad2real.layout import Layout
from train.methods import METHODS, Method, StepBatch
from train.params import AdaptParams, TrainParams
from train.stages import adapt


class MeanMatching(Method):
    """Squared distance between the mean features of renders and photos."""

    def loss(self, batch: StepBatch) -> Tensor:
        return (batch.source_feature.mean(0) - batch.target_feature.mean(0)).square().sum()


def main(project: str, **changes: object) -> dict[str, object]:
    METHODS["mean_matching"] = MeanMatching
    stage = AdaptParams().model_copy(update={"methods": {"cdan": 0.1, "mean_matching": 0.5}})
    return adapt.run(Layout(Path(project)), TrainParams().model_copy(update={"adapt": stage, **changes}))


if __name__ == "__main__":  # a folder in which `cad2real train probe` has run
    print(main(sys.argv[1])["method"])
