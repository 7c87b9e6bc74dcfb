"""Adaptation methods by name. A new method of this package is one new file here, one line in `METHODS` and its name in
`MethodName` (`train.params`), which is what params.yaml may hold.

A method of your own, from Python, with its weight:

    class Mine(Method):
        def loss(self, batch: StepBatch) -> Tensor: ...

    METHODS["mine"] = Mine
    params = TrainParams(adapt=AdaptParams().model_copy(update={"methods": {"mine": 1.0}}))
"""

from __future__ import annotations

from train.methods.adda import Adda
from train.methods.advent import Advent
from train.methods.afn import Afn
from train.methods.batch import Method, Setting, StepBatch
from train.methods.bnm import Bnm
from train.methods.bsp import Bsp
from train.methods.cdan import Cdan
from train.methods.cdan_e import CdanE
from train.methods.cdtrans import CdTrans
from train.methods.coral import Coral
from train.methods.dan import Dan
from train.methods.dann import Dann
from train.methods.drcn import Drcn
from train.methods.entropy import Entropy
from train.methods.fda import Fda
from train.methods.fixmatch import FixMatch
from train.methods.information_maximisation import InformationMaximisation
from train.methods.jan import Jan
from train.methods.mcc import Mcc
from train.methods.mcd import Mcd
from train.methods.mdd import Mdd
from train.methods.mic import Mic
from train.methods.prior_information import PriorInformation
from train.methods.sdat import Sdat
from train.methods.self_training import SelfTraining
from train.methods.size_training import SizeTraining
from train.methods.tvt import Tvt

__all__ = ["FOR_VISION_TRANSFORMERS", "METHODS", "Method", "Setting", "StepBatch"]

FOR_VISION_TRANSFORMERS = frozenset({"tvt", "cdtrans"})
"""What works by attention, and refuses other networks."""

METHODS: dict[str, type[Method]] = {
    "dann": Dann,
    "adda": Adda,
    "cdan": Cdan,
    "cdan_e": CdanE,
    "advent": Advent,
    "mdd": Mdd,
    "mcd": Mcd,
    "dan": Dan,
    "jan": Jan,
    "coral": Coral,
    "afn": Afn,
    "bsp": Bsp,
    "mcc": Mcc,
    "entropy": Entropy,
    "bnm": Bnm,
    "information_maximisation": InformationMaximisation,
    "prior_information": PriorInformation,
    "self_training": SelfTraining,
    "size_training": SizeTraining,
    "fixmatch": FixMatch,
    "mic": Mic,
    "tvt": Tvt,
    "cdtrans": CdTrans,
    "drcn": Drcn,
    "fda": Fda,
    "sdat": Sdat,
}
