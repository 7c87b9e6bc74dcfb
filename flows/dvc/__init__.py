"""DVC: `commands` runs its command line, `cache` knows its cache on disk, `code_versions` what code made the artifacts,
`lock_file` reads dvc.lock, `run_records` checks what DVC remembers of earlier runs, `locks` removes those of killed
processes, `passed_over` names what DVC cannot read, `disk_needs` and `disk_space` check the disks before a run,
`transfer_errors` gives the reason of a failed push or pull in one line.
"""
