"""The typed schema of the `flow` block of params.yaml."""

from __future__ import annotations

from pydantic import Field

from cad2real.schema import Block


class FlowParams(Block):
    """How often and after how many seconds a stage that failed for a passing reason is tried again."""

    retries: int = Field(1, ge=0, le=10)
    retry_delay_s: float = Field(10.0, ge=0)
