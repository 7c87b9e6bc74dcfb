"""How well a project's parts are found, and things that are none of them noticed.

`novelty` says how unlike photos of parts a photo is, `left_out` how well parts are noticed that the catalogue has not,
look-alikes apart, `looks` how well materials, surfaces and colours are known, `evaluate` scores all of it on labelled
photos, `table` prints that.
"""
