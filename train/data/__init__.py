"""Images for training: `datasets` reads both domains (`image_cache`, `foreground`, `backgrounds`), `batches` makes
source and target views of them (`augmentations`, `augmix`; `own_rows` is a process's share), `held_out` the renders
that never train.
"""
