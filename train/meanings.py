"""What the words mean that the `train` block of params.yaml allows, where there is much to choose from."""

from __future__ import annotations

LABELS = {
    "none": "they only score",
    "folders": "those of photos in sub-folders that are called like a part's label",
    "csv": "those that training_labels.csv in the photo folder lists",
}
HEADS = {
    "logistic_regression": "to the optimum, regularised",
    "linear": "the same loss by steps, without regularisation",
    "svm": "a linear support vector machine a class",
}
METHODS = {
    "dann": "a discriminator tells renders from photos, features learn to fool it",
    "adda": "the same by two losses instead of gradient reversal",
    "cdan": "as dann, the discriminator also sees what the network predicts",
    "cdan_e": "as cdan, sure predictions weigh more",
    "advent": "a discriminator on the predictions' uncertainty",
    "mdd": "an adversarial head: margin disparity discrepancy",
    "mcd": "two heads that disagree: maximum classifier discrepancy",
    "dan": "equal distributions of features by multi-kernel MMD",
    "jan": "the same of features and predictions together",
    "coral": "equal covariances of features; weight 10 and more",
    "afn": "features of one length; weight 0.05",
    "bsp": "keeps the discriminable directions, beside an adversarial method; weight 0.0001",
    "mcc": "less confusion between classes (mcc_temperature)",
    "entropy": "sure predictions; alone it may put all photos into one class",
    "bnm": "sure and varied predictions by the nuclear norm",
    "information_maximisation": "sure predictions, all classes about equally often",
    "prior_information": "the same towards the shares of classes seen before the first step",
    "self_training": "the teacher's labels where it is sure (confidence)",
    "size_training": "self_training where sizes have corrected the teacher, nothing elsewhere",
    "fixmatch": "the student's own labels of weak views where it is sure (confidence)",
    "mic": "masked photos, the teacher's labels",
    "tvt": "vision transformers: attention to what transfers, clustered photos",
    "cdtrans": "vision transformers: cross-attention between renders and photos that look alike",
    "drcn": "photos are drawn again from their features",
    "fda": "renders get the photos' low frequencies; the number is beta, 0.01 to 0.09",
    "sdat": "sharpness-aware steps on renders; the number is rho, about 0.02",
}
SCORES = {
    "source_accuracy": "mean-per-class accuracy on held-out renders; hardly a judge",
    "information_maximisation": "predictions that are sure and varied",
    "bnm": "the same by the nuclear norm",
    "snd": "soft neighbourhood density; does not see a collapse to one class",
    "class_ami": "predictions that follow the clusters of the features",
    "dev": "importance-weighted source risk: deep embedded validation",
    "mano": "norm of the predictions; does not see a collapse to one class",
    "transfer_score": "uniformity of the head, clusters and sureness together",
}
TARGET_STATISTICS = {
    "auto": "own, unless photos show few of the parts: then nothing is adapted",
    "source": "those of renders",
    "own": "those of photos, each beside its class",
    "joint": "both domains by those of their joint batches",
}
RECIPES = {
    "auto": "found from the network itself",
    "cnn": "convolutions with batch normalisation: ResNet, EfficientNet, MobileNet, RegNet",
    "convnext": "ConvNeXt, ConvNeXt V2",
    "vit": "ViT, DeiT, BEiT, EVA",
    "swin": "Swin, SwinV2",
    "dino": "DINO, DINOv2, DINOv3",
    "clip": "towers of CLIP, SigLIP and SigLIP 2",
}
WEIGHTS = {"embedded": "an installed package, no network needed", "hub": "timm downloads them", "random": "untrained"}

PRECISION = {
    "auto": "bf16 on a GPU that is made for it (NVIDIA's from Ampere on), else float32",
    "float32": "everywhere",
    "bf16": "the backbone in bfloat16, head and losses not",
}
STARTS = {"probe": "the probe's head", "scratch": "a head of zeros"}
LABEL_SHIFT = {"none": "all classes weigh alike", "bbse": "frequent classes weigh more, by their estimated shares"}
EPOCHS = {"auto": "until nothing rises any more, at most adapt.most_steps"}
