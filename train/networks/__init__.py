"""Networks: `classifier` (backbone, normalisation, head), `domain_norm` (its normalisation, one a domain), `backbones`
(timm's, and their weights), `new_network` (one with them, as training begins), `attention` (SwinV2's, fused),
`onnx_export` (to files) and `same_padding` (of convolutions in them), `probe_heads` (linear heads on frozen features),
`multinomial` (one of many classes), `inference` (features and probabilities of many images), `foreign_weights`
(checked: they may be a stranger's). `families` is the table of what is usual for each kind of network, `recipes` takes
from it what params.yaml leaves open, `recipe_table` prints it, `pooling` is what a kind's feature is made of. Of vision
transformers: `transferable` (TVT's attention), `cross_attention` (CDTrans's three branches). `ensemble` makes one of
several.
"""
