"""Images to an adapted model and its figures.

From low to high: `compute` (cores, processes, memory), `measures`, `data`, `sizes`, `networks`, `losses`,
`validators`, `methods`, `loop` (the adaptation's steps), `find` (parts in whole photos), `segment` (the class of every
pixel), `model` (on disk and in use), `classifier_onnx` (the same without torch), `selection` (which epoch), `stages`
(what the commands run), `cli`, `segment_cli`. `params` is the schema (`augment_params`: random changes; `meanings`:
what its words mean; `find_params`, `segment_params`: blocks of their own), `presets` are published recipes.
"""
