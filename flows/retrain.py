"""The Prefect flow behind `cad2real nightly`: fetch data, run what is stale, promote the model if it is not worse.

Import this only after `flows.settings.enter`: Prefect reads its settings when it is imported.
"""

# No `from __future__ import annotations`: Prefect has to know the types of the flow's parameters, not their names.
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Literal

from prefect import flow, get_run_logger

from cad2real.layout import Layout
from cad2real.params import load_params
from flows.dvc.transfer_errors import reason
from flows.outcome import result_table
from flows.pipeline import say
from flows.session import run_project
from flows.settings import PROJECT_VARIABLE, run_environment
from flows.stages import DVC
from flows.versions.promote import promote


@flow(name="cad2real retrain", flow_run_name="retrain")
def retrain(root: Literal["."] = ".") -> str:
    """Retrains the project that the service was started for; returns what became of it, in words.

    `root` can be nothing else: projects made earlier name it in their prefect.yaml, and who may start a run on a server
    is not who may say what runs.
    """
    logger = get_run_logger()

    def tell(line: str) -> None:
        say(line)
        logger.info(line)

    folder = Path(os.environ.get(PROJECT_VARIABLE, root))
    if fetched := fetch_data(folder):
        tell(fetched)
    run_project(folder)
    decision = promote(
        folder, datetime.now().strftime("%Y%m%d-%H%M%S"), load_params(Layout(folder).params).flow.promote_tolerance
    )
    verdict = f"{'promoted' if decision.promoted else 'kept the model in use'}: {decision.reason}"
    tell(verdict)
    for line in result_table(folder).splitlines():
        tell(line)
    return verdict


def fetch_data(root: Path) -> str:
    """Pulls the inputs that are tracked with `dvc add` (data/*.dvc) from the remote; empty when there are none."""
    tracked = sorted(str(path.relative_to(root)) for path in (root / "data").glob("*.dvc"))
    if not tracked:
        return ""
    done = subprocess.run([*DVC, "pull", *tracked], cwd=root, env=run_environment(root), capture_output=True, text=True)
    if done.returncode == 0:
        return f"fetched {', '.join(tracked)}"
    return f"data not fetched: {reason(done.stderr)}; going on with what is here"
