"""What runs when: a Prefect flow over DVC stages.

`cli` has the commands; `run_project` is one run of a project from lock to recorded version, `prefect_flow` its Prefect
flow, `retrain` the nightly flow. `pipeline` runs the stages one after the other, `stages` is what dvc.yaml and DVC say
about them, `run_summary` the table of accuracies at the end. `project`, `init_project`, `import_folder` (CAD) and
`import_dataset` (public renders, `known_datasets`) are the folder of a run, `environment` its environment variables,
`ownership` whose it is, `service_password` keeps others from its server, `params_file` changes single values of
params.yaml, `processes` runs commands as process groups. `dvc`, `server`, `versions`, `schedule`, `health`, `report`
and `benchmark` are sub-packages.
"""
