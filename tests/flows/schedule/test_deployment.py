"""prefect.yaml, for people with work pools, is one that Prefect takes, and names a flow that is there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flows.init_project import STARTER
from flows.schedule.nightly import check_schedule

REPOSITORY = Path(__file__).parents[3]


def test_the_repositorys_deployment_is_the_starters() -> None:
    assert (REPOSITORY / "prefect.yaml").read_text() == (STARTER / "prefect.yaml").read_text()


def test_prefect_takes_it() -> None:
    models = pytest.importorskip("prefect.cli.deploy._models")  # Prefect's own check, not part of its interface
    from prefect.flows import load_flow_from_entrypoint

    written = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())
    models.PrefectYamlModel.model_validate(written)
    (deployment,) = written["deployments"]
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    assert "parameters" not in deployment  # it retrains the folder that the worker was started in, and no other
    assert flow.parameters.properties["root"]["const"] == "."
    (schedule,) = deployment["schedules"]
    check_schedule(schedule["cron"], schedule["timezone"])
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
