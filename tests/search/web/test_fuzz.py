"""The JSON interface against what its own description allows, broken pictures, and many clients at once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path

import httpx
import psutil
import pytest
from starlette.testclient import TestClient

from search.web.app import create_app
from tests.search.web.conftest import photo

BROKEN = 500
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
ALLOWED = {200, 400, 401, 404, 413, 422, 429, 503}


def test_what_the_description_allows_is_answered_as_it_says(address: str) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    hypothesis = pytest.importorskip("hypothesis")
    schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json")
    asked: Counter[str] = Counter()
    for operation in schema.get_all_operations():
        one = operation.ok()

        @hypothesis.given(case=one.as_strategy())
        @hypothesis.settings(
            max_examples=25, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        def answers(case: object) -> None:
            response = case.call()  # type: ignore[attr-defined]  # schemathesis' Case
            asked[case.path] += 1  # type: ignore[attr-defined]
            assert response.status_code in ALLOWED, (case, response.status_code, response.text)
            if response.status_code != 200:
                assert "Traceback" not in response.text and len(response.text) < 2000

        answers()
    assert set(asked) == {"/api/search", "/api/parts", "/api/parts/{part_id}", "/api/feedback"}


def broken(number: int) -> bytes:
    """A picture with bytes changed, cut out, or cut off; the same for the same number."""
    rng = random.Random(number)
    content = bytearray(photo("hex_nut", (40 + number % 60, 30), FORMATS[number % len(FORMATS)]))
    how = number % 3
    if how == 0:
        for _ in range(rng.randint(1, 40)):
            content[rng.randrange(len(content))] = rng.randrange(256)
    elif how == 1:
        del content[rng.randrange(len(content)) :]
    else:
        start = rng.randrange(len(content))
        del content[start : start + rng.randint(1, 64)]
    return bytes(content)


def test_broken_pictures_are_refused_in_a_sentence(shop: Path) -> None:
    this_machine = ("127.0.0.1", 5000)  # others may ask once a second
    with TestClient(create_app(shop), base_url="http://127.0.0.1:8000", client=this_machine) as client:
        answers: Counter[int] = Counter()
        for number in range(BROKEN):
            answer = client.post("/api/search", files={"photo": ("a.jpg", broken(number), "image/jpeg")})
            answers[answer.status_code] += 1
            if answer.status_code != 200:
                said = answer.json()["error"]
                assert 10 < len(said) < 500 and "Traceback" not in said and "/tmp" not in said, said
        assert set(answers) <= {200, 400, 422} and answers[400] > BROKEN // 5, answers
        assert client.get("/ready").status_code == 200


def test_many_clients_at_once_get_answers_or_are_told_to_wait(address: str) -> None:
    """A short form of the soak: 20 clients, 30 questions each."""
    answers: Counter[int] = Counter()
    faults: list[str] = []

    def ask() -> None:
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as one:
            for _ in range(30):
                answer = one.post("/api/search", files={"photo": photo("washer")})
                answers[answer.status_code] += 1
                if answer.status_code == 503 and "retry-after" not in answer.headers:
                    faults.append(answer.text)

    clients = [threading.Thread(target=ask) for _ in range(20)]
    before = psutil.Process().memory_info().rss
    for one in clients:
        one.start()
    for one in clients:
        one.join(120)
    assert set(answers) <= {200, 503} and answers[200] >= 20 and not faults, answers
    assert psutil.Process().memory_info().rss - before < 200_000_000
