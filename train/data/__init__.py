"""Images for training: `datasets` reads both domains (`image_cache`, `foreground`, `backgrounds`), `batches` makes
source and target views of them (`draws` says how random changes are made: `warp`, `augmentations`, `augmix` and
`behind_parts`), `held_out` the renders that never train.
"""
