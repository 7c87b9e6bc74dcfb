"""The typed schema of the `flow` block of params.yaml."""

from __future__ import annotations

from pydantic import Field

from cad2real.schema import Block


class FlowParams(Block):
    """How runs are tried again and recorded.

    `retries` after `retry_delay_s` seconds are for stages that failed for a reason that may pass. `commit`: a run that
    changed something is committed to git, if the project lies in a repository. `promote_tolerance`: by how much the
    scores (in [0, 1]) of a nightly model may be lower than those of the model in use.
    """

    retries: int = Field(1, ge=0, le=10)
    retry_delay_s: float = Field(10.0, ge=0)
    commit: bool = True
    promote_tolerance: float = Field(0.01, ge=0, le=1)
