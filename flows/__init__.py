"""What runs when: Prefect flows over DVC stages.

`cli` the commands; `session` one run of a project from lock to record, `run` its Prefect flow, `pipeline` and
`stages` what DVC says and does, `project`, `settings` and `start` the folder it works in, `params_file` single
values of params.yaml, `processes` commands as process groups, `retrain` the nightly flow. `dvc`, `versions`,
`schedule`, `health`, `report` and `benchmark` are rooms of their own.
"""
