"""The Prefect flow behind `cad2real nightly`: fetch data, run what is stale, promote the model if it is not worse.

Import this only after `flows.environment.apply_environment`: Prefect reads its settings when it is imported.
"""

# No `from __future__ import annotations`: Prefect has to know the types of the flow's parameters, not their names.
import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from prefect import flow, get_run_logger

from cad2real.layout import Layout
from cad2real.params import load_params
from flows.dvc.commands import run_dvc
from flows.dvc.transfer_errors import transfer_error
from flows.environment import PROJECT_VARIABLE
from flows.pipeline import print_progress
from flows.run_project import run_project
from flows.run_summary import result_table
from flows.versions.promote import promote


@flow(name="cad2real retrain", flow_run_name="retrain")
def retrain(root: Literal["."] = ".") -> str:
    """Retrains the project that the service was started for; returns whether the new model was promoted, and why.

    `root` can be nothing else: projects made earlier name it in their prefect.yaml, and who may start a run on a server
    is not who may say what runs.
    """
    logger = get_run_logger()

    def log_line(line: str) -> None:
        print_progress(line)
        logger.info(line)

    folder = Path(os.environ.get(PROJECT_VARIABLE, root))
    if fetched := fetch_data(folder):
        log_line(fetched)
    run_project(folder)
    decision = promote(
        folder, datetime.now().strftime("%Y%m%d-%H%M%S"), load_params(Layout(folder).params).flow.promote_tolerance
    )
    verdict = f"{'promoted' if decision.promoted else 'kept the model in use'}: {decision.reason}"
    log_line(verdict)
    for line in result_table(folder).splitlines():
        log_line(line)
    return verdict


def fetch_data(root: Path) -> str:
    """Pulls the inputs that are tracked with `dvc add` (data/*.dvc) from the remote; empty when there are none."""
    tracked = sorted(str(path.relative_to(root)) for path in (root / "data").glob("*.dvc"))
    if not tracked:
        return ""
    done = run_dvc(root, "pull", *tracked)
    if done.returncode == 0:
        return f"fetched {', '.join(tracked)}"
    return f"data not fetched: {transfer_error(done.stderr)}; going on with what is here"
