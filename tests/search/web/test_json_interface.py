"""What programs are told: answers, the catalogue, feedback, and every fault in one sentence."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient
from typer.testing import CliRunner

import cad2real.cli
import search.web.live
from cad2real.files import atomic_folder
from search.index import save_index
from search.query import Search
from search.web.app import create_app
from search.web.feedback import entries, write_csv
from search.web.live import LiveSearch
from tests.search.web.conftest import photo, shop_index, write_index, write_looks

PAGE = {"accept": "text/html"}


def ask(client: TestClient, content: bytes, **fields: str) -> dict[str, object]:
    answer = client.post("/api/search", files={"photo": ("../../evil.html", content, "text/html")}, data=fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_a_photo_is_answered(client: TestClient) -> None:
    answer = ask(client, photo("hex_nut"))
    assert answer["photo"] == {"width": 60, "height": 40} and answer["model_key"] == "colors-1"
    parts = answer["answers"][0]["parts"]  # type: ignore[index]
    assert (
        parts[0]["part_id"] == "hex_nut"
        and parts[0]["material"] == "brass"
        and parts[0]["size_mm"] == [16.0, 18.5, 8.4]
    )
    assert parts[0]["distance"] < parts[1]["distance"] and parts[0]["certainty"] in {"sure", "likely"}
    assert client.get(parts[0]["picture"]).headers["content-type"] == "image/png"
    small = client.get(parts[0]["picture"] + "?small=1")
    assert small.headers["content-type"] == "image/webp" and small.content[8:12] == b"WEBP"


def test_a_frame_a_number_of_parts_and_filters(client: TestClient) -> None:
    two = Image.new("RGB", (100, 50), (200, 40, 40))
    two.paste((40, 60, 200), (50, 0, 100, 50))
    content = io.BytesIO()
    two.save(content, "PNG")
    for box, expected in (("0,0,50,50", "hex_bolt"), ("50,0,100,50", "washer")):
        answer = ask(client, content.getvalue(), box=box, top="1")["answers"][0]  # type: ignore[index]
        assert [part["part_id"] for part in answer["parts"]] == [expected]
        assert answer["box"] == [float(side) for side in box.split(",")]
    only = ask(client, photo("hex_bolt"), material="Brass")["answers"][0]["parts"]  # type: ignore[index]
    assert [part["part_id"] for part in only] == ["hex_nut"]
    some = ask(client, photo("hex_bolt"), max_mm="20,5")["answers"][0]["parts"]  # type: ignore[index]
    assert {part["part_id"] for part in some} == {"hex_nut", "washer"}
    assert ask(client, photo("hex_bolt"), material="gold")["answers"][0]["parts"] == []  # type: ignore[index]
    for fields, expected in (
        ({"assembly": "press 40"}, {"hex_bolt", "hex_nut"}),
        ({"assembly": "Door"}, {"hex_nut"}),
        ({"position": "3"}, {"hex_bolt", "hex_nut"}),
        ({"assembly": "Door", "position": "7"}, set()),
    ):
        some = ask(client, photo("hex_bolt"), **fields)["answers"][0]["parts"]  # type: ignore[index]
        assert {part["part_id"] for part in some} == expected
    assert only[0]["places"][1] == {"position": "3", "within": ["Press 40", "Door"]}


@pytest.mark.parametrize(
    ("content", "fields", "status", "said"),
    [
        (b"", {}, 400, "empty"),
        (b"just words", {}, 400, "not a picture"),
        (b"<svg onload='alert(1)'/>", {}, 400, "not a picture"),
        (photo("washer")[:300], {}, 400, "damaged"),
        (photo("washer", (1, 1), "PNG"), {}, 400, "too small"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 50, {}, 400, "damaged"),
        (photo("washer"), {"box": "1,2,3"}, 400, "four numbers"),
        (photo("washer"), {"box": "500,500,600,600"}, 400, "outside"),
        (photo("washer"), {"box": "nan,0,9,9"}, 400, "not a number"),
        (photo("washer"), {"min_mm": "a lot"}, 400, "no size"),
        (photo("washer"), {"top": "0"}, 422, "top"),
        (photo("washer"), {"top": "many"}, 422, "top"),
        (photo("washer"), {"material": "x" * 300}, 422, "material"),
        (photo("washer"), {"assembly": "x" * 300}, 422, "assembly"),
    ],
)
def test_what_cannot_be_asked_is_said(
    client: TestClient, content: bytes, fields: dict[str, str], status: int, said: str
) -> None:
    answer = client.post("/api/search", files={"photo": ("p.jpg", content)}, data=fields)
    assert answer.status_code == status
    assert said in answer.json()["error"]
    assert "Traceback" not in answer.text and "/tmp" not in answer.text


def test_limits_of_bytes_and_pixels(client: TestClient, shop: Path) -> None:
    assert client.post("/api/search", files={"photo": b"x" * 26_000_000}).status_code == 413
    start = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'
    endless = iter([start, *[b"x" * 1_000_000] * 30])  # says no length
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/api/search", content=endless, headers=headers).status_code == 413
    wide = photo("washer", (8000, 8000), "PNG")
    answer = client.post("/api/search", files={"photo": wide})
    assert answer.status_code == 400 and "8000x8000 pixels" in answer.json()["error"]
    assert client.post("/api/search").status_code == 422
    assert client.post("/api/search", data={"photo": "text"}).status_code == 422


def test_the_catalogue(client: TestClient) -> None:
    def found(query: str) -> list[str]:
        return [part["part_id"] for part in client.get(f"/api/parts?{query}").json()["parts"]]

    assert found("") == ["hex_bolt", "hex_nut", "washer"]
    assert found("q=HEX") == ["hex_bolt", "hex_nut"] and found("q=nut+m10") == ["hex_nut"] and found("q=zzz") == []
    assert found("material=steel&max_mm=30") == ["washer"]
    assert found("assembly=Press+40&position=7") == ["hex_nut"] and found("position=") == found("")
    assert client.get("/api/parts/washer").json()["places"] == []
    assert found("size=1&page=2") == ["hex_nut"] and found("page=9") == []
    part = client.get("/api/parts/hex_nut").json()
    assert part["views"] == ["/pictures/hex_nut/view_000.png"] and set(part["look_alikes"]) == {"hex_bolt", "washer"}
    assert client.get("/api/parts/nothing").json() == {"error": "There is no such part."}
    for path in ("../../params.yaml", "..%2f..%2f..%2fetc%2fpasswd", "hex_nut/../../../secret", "hex_nut/part.json"):
        assert client.get(f"/pictures/{path}").status_code == 404


def test_feedback_is_kept_and_becomes_a_table(client: TestClient, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = str(ask(client, photo("hex_nut"), box="5,5,50,35")["answer"])
    assert client.post("/api/feedback", json={"answer": answer, "part_id": "hex_nut"}).json() == {
        "verdict": "confirmed"
    }
    second = str(ask(client, photo("hex_nut"))["answer"])
    wrong = client.post("/api/feedback", json={"answer": second, "part_id": "hex_bolt"})
    assert wrong.json() == {"verdict": "corrected"}
    log = list(entries(shop / "data/feedback"))
    assert [(one["part_id"], one["verdict"], one["answered"]) for one in log] == [
        ("hex_nut", "confirmed", "hex_nut"), ("hex_bolt", "corrected", "hex_nut"),
    ]  # fmt: skip
    assert log[0]["box"] == "5,5,50,35" and log[0]["model_key"] == "colors-1"
    with Image.open(shop / "data/feedback" / str(log[0]["photo"])) as kept:
        assert kept.size == (60, 40) and not kept.getexif()
    for unknown in ({"answer": "gone", "part_id": "hex_nut"}, {"answer": answer, "part_id": "../x"}):
        assert client.post("/api/feedback", json=unknown).status_code == 404
    assert client.post("/api/feedback", json={"answer": answer, "part_id": "hex_nut", "about": 7}).status_code == 404
    assert client.post("/api/feedback", json={"answer": answer, "part_id": "a", "path": "/etc"}).status_code == 422
    assert len(list(entries(shop / "data/feedback"))) == 2
    monkeypatch.chdir(shop)
    assert "2 answer(s)" in CliRunner().invoke(cad2real.cli.app, ["feedback", "--csv", "said.csv"]).stdout
    rows = list(csv.DictReader(Path("said.csv").read_text().splitlines()))
    assert [row["part_id"] for row in rows] == ["hex_nut", "hex_bolt"]


def test_a_cut_off_line_of_feedback_and_formulas(tmp_path: Path) -> None:
    assert write_csv(tmp_path, tmp_path / "none.csv") == 0
    line = json.dumps({"part_id": "=cmd()", "distance": -0.5})
    (tmp_path / "log.jsonl").write_text(f'{line}\n{{"part_id": "a')
    assert write_csv(tmp_path, tmp_path / "some.csv") == 1
    row = next(csv.DictReader((tmp_path / "some.csv").read_text().splitlines()))
    assert (row["part_id"], row["distance"]) == ("'=cmd()", "-0.5")


def test_a_new_index_is_taken_without_a_restart(
    client: TestClient, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.web.live, "LOOK_AGAIN_S", 0.0)
    assert client.get("/api/parts").json()["count"] == 3
    index = shop_index()
    less = replace(index, embeddings=index.embeddings[:2], part_rows=index.part_rows[:2], views=index.views[:2])
    write_index(shop, replace(less, parts=index.parts[:2]))
    assert client.get("/api/parts").json()["count"] == 2
    (shop / "data/index/index.json").write_text("{}")
    assert client.get("/api/parts").json()["count"] == 2  # the last that could be read
    assert "damaged index" in client.get("/status", headers=PAGE).text


def test_without_an_index(tmp_path: Path) -> None:
    with TestClient(create_app(tmp_path), base_url="http://127.0.0.1") as client:
        assert client.get("/health").status_code == 200
        ready = client.get("/ready")
        assert ready.status_code == 503 and "cad2real run" in ready.text
        answer = client.post("/api/search", files={"photo": photo("washer")})
        assert answer.status_code == 503 and "no index" in answer.json()["error"]
        page = client.get("/", headers=PAGE)
        assert page.status_code == 503 and "cad2real run" in page.text


def test_the_interface_describes_itself_and_counts(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    assert set(described["paths"]) == {"/api/search", "/api/parts", "/api/parts/{part_id}", "/api/feedback"}
    ask(client, photo("washer"))
    client.get("/api/parts/none")
    figures = client.get("/metrics").text
    assert 'cad2real_requests_total{method="POST",status="200"} 1.0' in figures
    assert "cad2real_answer_seconds_count 1.0" in figures and "cad2real_index_parts 3.0" in figures


def test_a_changed_index_is_taken_without_a_restart(shop: Path, client: TestClient) -> None:
    assert client.get("/api/parts").json()["count"] == 3
    index = shop_index()
    with atomic_folder(shop / "data/index") as folder:  # as `cad2real index remove` does
        kept = replace(index, parts=index.parts[:2], part_rows=index.part_rows[:2], views=index.views[:2])
        save_index(folder, replace(kept, embeddings=index.embeddings[:2]))
    client.app._app.state.live._looked = -1e9
    assert client.get("/api/parts").json()["count"] == 2


def test_files_of_two_indexes_are_not_taken_for_one(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveSearch(shop)
    first = live.current()
    index = shop_index()

    def opened_while_it_changes(root: Path) -> Search:
        write_index(shop, index)
        return first

    write_index(shop, replace(index, model_key="another"))
    monkeypatch.setattr(search.web.live.Search, "open", opened_while_it_changes)
    live._looked = -1e9
    version = live._version
    assert live.current() is first and live._version == version


def test_pictures_of_added_parts_are_shown(shop: Path, client: TestClient) -> None:
    (shop / "data/added").mkdir()
    (shop / "data/renders/washer").rename(shop / "data/added/washer")
    assert client.get("/pictures/washer/view_000.png").status_code == 200
    assert client.get("/pictures/washer/view_000.png?small=true").status_code == 200


def test_what_a_photo_looks_like_is_said(client: TestClient, shop: Path) -> None:
    write_looks(shop)
    write_index(shop, shop_index())
    time.sleep(1.1)  # until it is looked at anew
    nut = ask(client, photo("hex_nut"))["answers"][0]  # type: ignore[index]
    (brass,) = nut["looks"]
    assert (brass["kind"], brass["value"], brass["filter"]) == ("material", "brass", "brass")
    assert 0.6 <= brass["confidence"] <= 1 and [part["part_id"] for part in nut["unseen"]] == ["bush"]
    page = client.post("/", files={"photo": photo("hex_nut")}, headers={"accept-language": "de"}).text
    assert "Sieht aus wie" in page and "<b>Messing</b>" in page and "<script>window" not in page and "bush" in page
    washer = ask(client, photo("washer"))["answers"][0]
    assert washer["looks"][0]["value"] == "steel" and washer["unseen"] == []
    filtered = ask(client, photo("hex_nut"), color="red")["answers"][0]
    assert filtered["unseen"] == []  # the filter holds for them, too
    (shop / "data/index/looks.json").write_text("{")
    write_index(shop, shop_index())
    time.sleep(1.1)
    assert ask(client, photo("hex_nut"))["answers"][0]["parts"]  # with the index of before
    assert "looks.json is damaged" in client.get("/status").text
