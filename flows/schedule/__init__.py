"""Runs that start by themselves: `watch` on every change, `nightly` on a schedule, `next_run` when that is.

`server` is the Prefect server of `nightly`, `guarded_app` what it serves: Prefect, for its own page and programs only.
"""
