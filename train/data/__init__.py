"""Images for training: `datasets` reads both domains (`image_cache`, `foreground`, `backgrounds`; `labelled`: photos
whose labels train), `batches` makes
source and target views of them (`draws` says how random changes are made: `warp`, `augmentations`, `augmix` and
`behind_parts`; `own_rows` is a process's share), `held_out` the renders that never train, `evenly` some of many.
"""
