"""How well a project's parts are found, and things that are none of them noticed.

`part_scores` has the figures of rankings and of novelty, `novelty` says how unlike photos of parts a photo is,
`evaluate` scores all of it on labelled photos, `table` prints that.
"""
