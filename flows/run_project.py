"""One run of a project from start to end: lock, checks, what is stale, the flow, the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from flows.dvc.disk_space import check_disk_space
from flows.dvc.passed_over import pass_over_unreadable, said
from flows.dvc.run_records import forget_damaged
from flows.environment import apply_environment
from flows.params_file import change_params
from flows.pipeline import Outcome, StageResult, print_progress, retried, run_stage, run_stages, stages_to_run
from flows.project import prepare, project_lock
from flows.server.own_server import ServerError, start_server_of_run
from flows.stages import chosen_stages, stale_stages
from flows.versions.record import new_version_name, record_run


def run_project(
    root: Path, stage: str | None = None, *, force: bool = False, changes: Sequence[str] = ()
) -> list[StageResult]:
    """Runs what is stale in the project at `root`, up to `stage` (None: all), after `changes` to params.yaml.

    Returns a result for each stage, none when all was up to date. A run that changed something is recorded as a
    version. Raises UserError.
    """
    stages = chosen_stages(root, stage)
    with project_lock(root):
        if changes:
            change_params(Layout(root).params, changes)
        params = prepare(root)
        apply_environment(root)
        if unreadable := pass_over_unreadable(root):
            print_progress(said(unreadable))
        stale = stale_stages(root)
        if not force and not any(candidate.name in stale for candidate in stages):
            print_progress("Nothing has changed since the last run.")
            return []
        for name, reasons in stale.items():
            print_progress(f"stale: {name} ({', '.join(reasons)})")
        for path in forget_damaged(root):
            print_progress(f"{path} is damaged: DVC does without it.")
        check_disk_space(root, params, stages_to_run(stages, list(stale), force=force))
        started = datetime.now().astimezone()
        name = new_version_name(root, started)
        logs, retries = Layout(root).logs / name, (params.flow.retries, params.flow.retry_delay_s)
        results = _as_flow(root, stage, list(stale), force, logs, *retries)
        has_flow = results is not None
        if results is None:
            runner = retried(run_stage, *retries)
            results = run_stages(root, stages, stale=list(stale), force=force, logs=logs, runner=runner)
        # What the flow did before it was given up is unchanged in these results.
        if stage is None and (not has_flow or any(result.outcome != Outcome.UNCHANGED for result in results)):
            record_run(root, name, started, results, commit=params.flow.commit)
    return results


def _as_flow(
    root: Path, stage: str | None, stale: list[str], force: bool, logs: Path, retries: int, retry_delay_s: float
) -> list[StageResult] | None:
    """The results of the stages as a Prefect flow. None where Prefect does not work (on a loaded machine its server may
    not answer in time), with the reason said: it shows runs, it must not prevent them.
    """
    try:
        start_server_of_run(root)
        from flows.prefect_flow import pipeline_flow  # imports Prefect, which reads the server's address then

        return pipeline_flow(root, stage, stale, force, logs, retries, retry_delay_s)
    except Exception as error:
        if isinstance(error, UserError) and not isinstance(error, ServerError):
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        print_progress(f"Prefect does not work now ({reason}); going on without its page and its logs.")
        return None
