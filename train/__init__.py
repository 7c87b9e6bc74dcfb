"""Images to an adapted model and its figures.

From low to high: `compute` (cores, processes, memory), `measures`, `data`, `sizes`, `networks`, `losses`,
`validators`, `methods`, `loop` (the adaptation's steps), `selection` (which epoch), `model` (on disk and in use),
`stages` (what the commands run). `params` is the schema (`meanings`: what its words mean), `presets` are
published recipes.
"""
