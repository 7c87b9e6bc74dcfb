"""Figures for Prometheus: requests by kind and status, how long answers take, how large the index is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 5.0)


class Metrics:
    """One server's figures, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "cad2real_requests", "Requests by method and status.", ("method", "status"), registry=self.registry
        )
        self.answers = Histogram(
            "cad2real_answer_seconds", "Time from photo to answer.", buckets=SECONDS, registry=self.registry
        )
        self.feedback = Counter("cad2real_feedback", "Answers judged.", ("verdict",), registry=self.registry)
        self.parts = Gauge("cad2real_index_parts", "Parts in the index.", registry=self.registry)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)
