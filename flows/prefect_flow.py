"""The Prefect flow: one task a stage, with its output in the task's log and retries for transient failures.

Import this only after `flows.environment.apply_environment`: Prefect reads its settings when it is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact

from flows.pipeline import StageError, StageResult, print_progress, run_stage, run_stages
from flows.run_summary import result_table
from flows.stages import chosen_stages


def is_transient(task: object, run: object, state: State[Any]) -> bool:
    """Whether Prefect should try a failed stage again."""
    try:
        state.result()
    except StageError as failure:
        return failure.transient
    except Exception:
        return False
    return False


@task(task_run_name="{stage}", retry_condition_fn=is_transient)
def stage_task(root: Path, stage: str, force: bool, log: Path) -> StageResult:
    """One stage as a Prefect task."""
    logger = get_run_logger()

    def on_line(line: str) -> None:
        logger.info(line.strip())
        print_progress(line)

    return run_stage(root, stage, force, log, on_line)


@flow(name="cad2real", flow_run_name="run")
def pipeline_flow(
    root: Path, stage: str | None, stale: list[str], force: bool, logs: Path, retries: int, retry_delay_s: float
) -> list[StageResult]:
    """The stages of the project at `root`, up to `stage` (None: all). `stale` is what DVC found changed."""
    retried = stage_task.with_options(retries=retries, retry_delay_seconds=retry_delay_s)
    results = run_stages(root, chosen_stages(root, stage), stale=stale, force=force, logs=logs, runner=retried)
    # Shown on the run's page.
    create_markdown_artifact(f"```\n{result_table(root)}\n```", key="result", description="accuracy and report")
    return results
