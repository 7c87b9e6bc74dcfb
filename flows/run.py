"""The Prefect flow: one task a stage, with its lines in the task's log and retries for failures that may pass.

Import this only after `flows.settings.enter`: Prefect reads its settings when it is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
from prefect import State, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact

from flows.outcome import result_table
from flows.pipeline import StageError, StageResult, execute, run_stages, say
from flows.processes import end_with_this_process
from flows.stages import chosen_stages


def may_pass(task: object, run: object, state: State[Any]) -> bool:
    """Whether Prefect should try a failed stage again."""
    try:
        state.result()
    except StageError as failure:
        return failure.passing
    except Exception:
        return False
    return False


@task(task_run_name="{stage}", retry_condition_fn=may_pass)
def run_one(root: Path, stage: str, force: bool, log: Path) -> StageResult:
    """One stage as a Prefect task."""
    logger = get_run_logger()

    def on_line(line: str) -> None:
        logger.info(line.strip())
        say(line)

    return execute(root, stage, force, log, on_line)


@flow(name="cad2real", flow_run_name="run")
def pipeline(
    root: Path, stage: str | None, stale: list[str], force: bool, logs: Path, retries: int, retry_delay_s: float
) -> list[StageResult]:
    """The stages of the project at `root`, up to `stage` (None: all). `stale` is what DVC found changed."""
    _tie_embedded_server()
    patient = run_one.with_options(retries=retries, retry_delay_seconds=retry_delay_s)
    results = run_stages(root, chosen_stages(root, stage), stale=stale, force=force, logs=logs, runner=patient)
    # Shown on the run's page.
    create_markdown_artifact(f"```\n{result_table(root)}\n```", key="result", description="accuracy and report")
    return results


def _tie_embedded_server() -> None:
    """Prefect ends its embedded server when this process ends well; this does it for the other ways."""
    for child in psutil.Process().children():
        if "prefect.server.api.server:create_app" in child.cmdline():
            end_with_this_process(child.pid)
