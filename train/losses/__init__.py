"""Losses of unsupervised domain adaptation: small pure functions on tensors, one idea a file.

Shapes: features [batch, dimension], logits [batch, classes], images [batch, channels, height, width]. Every loss runs
in float32 under autocast (`precision.in_float32`) and returns a scalar that is to be minimised. What each one is,
where it comes from and where it deviates from its paper: docs/reference/methods.md.
`python -m train.losses.parity DIR` checks
them against reference numbers.
"""
