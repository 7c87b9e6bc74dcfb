"""Several photos of one part have one answer, and a tie says which side to photograph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import search.web.live
from search.web.feedback import entries
from tests.search.web.conftest import photo, shop_index, write_index


def test_photos_of_the_same_part_have_one_answer(client: TestClient, shop: Path) -> None:
    sent = [("photo", photo("hex_nut")), ("more", photo("washer")), ("more", photo("hex_nut", (30, 30)))]
    files = [(field, ("p", content)) for field, content in sent]
    answer = client.post("/api/search", files=files, data={"box": "", "more_box": ["0,0,50,40", ""]})
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["answers"]
    assert [part["part_id"] for part in one["parts"]][:2] == ["hex_nut", "washer"]
    alone = client.post("/api/search", files={"photo": ("p", photo("hex_nut"))}).json()["answers"][0]
    assert one["parts"][0]["distance"] > alone["parts"][0]["distance"]  # one photo speaks for another part
    said = client.post("/api/feedback", json={"answer": answer.json()["answer"], "part_id": "hex_nut"})
    assert said.json() == {"verdict": "confirmed"}
    logged = list(entries(shop / "data/feedback"))
    assert [entry["part_id"] for entry in logged] == ["hex_nut"] * 3  # each photo shows it
    assert len({entry["photo"] for entry in logged}) == 3
    assert all((shop / "data/feedback" / str(entry["photo"])).is_file() for entry in logged)


def test_which_of_several_photos_cannot_be_used_is_said(client: TestClient) -> None:
    def ask(*contents: bytes, **fields: str) -> str:
        files = [("photo" if not number else "more", ("p", content)) for number, content in enumerate(contents)]
        answer = client.post("/api/search", files=files, data=fields)
        assert answer.status_code == 400
        return str(answer.json()["error"])

    good = photo("washer")
    assert ask(good, b"just words").startswith("Photo 2 is not a picture")
    assert ask(good, good, more_box="500,500,600,600").startswith("Photo 2: box 500 500 600 600 lies outside")
    assert "6 photos of one part are too many" in ask(*[good] * 6)


def test_a_tie_says_which_side_to_photograph(client: TestClient, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.web.live, "LOOK_AGAIN_S", 0.0)
    write_index(shop, replace(shop_index(), tie_margin=10.0))
    (one,) = client.post("/api/search", files={"photo": ("p", photo("washer"))}).json()["answers"]
    assert one["tied"] is True
    assert [side["part_id"] for side in one["photograph"]] == [part["part_id"] for part in one["parts"][:2]]
    assert all(client.get(side["picture"]).status_code == 200 for side in one["photograph"])
    write_index(shop, replace(shop_index(), tie_margin=0.0))
    (one,) = client.post("/api/search", files={"photo": ("p", photo("washer"))}).json()["answers"]
    assert (one["tied"], one["photograph"]) == (False, [])
