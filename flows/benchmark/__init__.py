"""The whole chain on any folder of CAD and labelled photos: `measure` with one seed, `seeds` with several; `unseen`
sets photos apart that nothing adapts to, `labelled` lets a handful of labels train, `table` is for people;
`params.yaml` holds its parameters.
"""
