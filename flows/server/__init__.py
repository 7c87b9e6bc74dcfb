"""The Prefect server that a project starts for itself: `own_server` starts and ends it, `guarded_app` is what it
serves, which is Prefect for its own page and programs only.
"""
