"""The whole chain on any folder of CAD and labelled photos: `measure` with one seed, `seeds` with several;
`params.yaml` holds its parameters.
"""
