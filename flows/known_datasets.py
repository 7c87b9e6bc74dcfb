"""Public data sets of renders and photos that `cad2real import` knows: where they are to be had, how they lie in
folders, how many pictures they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """One kind of pictures of a data set: its `folder`, with a folder a class in it unless `list_file` names classes by
    number, and the `counts` of pictures of its complete editions.
    """

    folder: str
    counts: tuple[int, ...]
    list_file: str = ""


@dataclass(frozen=True)
class Dataset:
    """`source` and `target` are the domains that are taken where nobody names others."""

    title: str
    where: str
    terms: str
    classes: int
    domains: Mapping[str, Domain]
    source: str
    target: str


DATASETS = {
    "topex-printer": Dataset(
        "Topex-Printer",
        "https://huggingface.co/datasets/ritterdennis/topex-printer",
        "CC-BY-NC-4.0",
        102,
        {"train": Domain("train", (3264,)), "test": Domain("test", (6146,))},
        source="train",
        target="test",
    ),
    "visda2017": Dataset(
        "VisDA-2017, classification",
        "https://github.com/VisionLearningGroup/taskcv-2017-public (train.tar, validation.tar, test.tar)",
        "non-commercial research",
        12,
        {
            "train": Domain("train", (152_397,)),
            "validation": Domain("validation", (55_388,)),
            "test": Domain("test", (72_372,), list_file="image_list.txt"),
        },
        source="train",
        target="validation",
    ),
    "office-home": Dataset(
        "Office-Home",
        "https://www.hemanthdv.org/officeHomeDataset.html",
        "non-commercial research",
        65,
        {
            "Art": Domain("Art", (2427,)),
            "Clipart": Domain("Clipart", (4365,)),
            "Product": Domain("Product", (4439,)),
            "Real World": Domain("Real World", (4357,)),
        },
        source="Clipart",
        target="Real World",
    ),
    "domainnet": Dataset(
        "DomainNet",
        "https://ai.bu.edu/M3SDA/ (the cleaned edition, or the first)",
        "fair use, see its page",
        345,
        {
            "clipart": Domain("clipart", (48_129, 48_837)),
            "infograph": Domain("infograph", (51_605, 53_201)),
            "painting": Domain("painting", (72_266, 75_759)),
            "quickdraw": Domain("quickdraw", (172_500,)),
            "real": Domain("real", (172_947, 175_327)),
            "sketch": Domain("sketch", (69_128, 70_386)),
        },
        source="clipart",
        target="real",
    ),
}
