"""The typed schema of the `flow` block of params.yaml."""

from __future__ import annotations

from pydantic import Field

from cad2real.schema import Block, unit


class FlowParams(Block):
    """Runs: how they are tried again and recorded, and when a nightly model counts as good enough."""

    retries: int = Field(1, ge=0, le=10, json_schema_extra=unit("times"))
    """How often a stage is tried again that failed for a reason that may pass.

    Such reasons are a killed process, no memory, the network; a user's mistake never is.
    """
    retry_delay_s: float = Field(10.0, ge=0, json_schema_extra=unit("s"))
    """Pause before a stage is tried again."""
    commit: bool = True
    """Whether a run that changed something is committed to git, where there is git.

    Committed are dvc.lock, params.yaml and the folder versions/<run>, and nothing else of yours.
    """
    promote_tolerance: float = Field(0.01, ge=0, le=1)
    """How much lower a nightly model may score than the one in use.

    Of the label-free score and, where photos have labels, of the accuracy, both in [0, 1]. A model that is worse by
    more is not taken into use.
    """
