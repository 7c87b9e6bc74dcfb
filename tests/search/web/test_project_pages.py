"""An answer to pass on, help, the project's state, its report and the photos of a part."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from PIL import Image
from starlette.testclient import TestClient

import search.web.live
from tests.search.web.conftest import HOSTILE, photo

HEAD = "square,photo,label,x_min,y_min,x_max,y_max,crop_x,crop_y,crop_side,border\n"


def asked(client: TestClient, part_id: str = "hex_bolt", **form: str) -> tuple[str, str]:
    """The page of an answer, and the address under which it can be passed on."""
    page = client.post("/", files={"photo": photo(part_id)}, data=form).text
    found = re.search(r'href="(/answers/\w+)"', page)
    assert found
    return page, found[1]


def test_an_answer_can_be_passed_on_as_a_page(client: TestClient) -> None:
    _, address = asked(client, box="5,5,30,30")
    shown = client.get(address)
    assert shown.status_code == 200 and "hex_bolt" in shown.text and "<rect " in shown.text
    assert "<script>window" not in shown.text and "<img src=x" not in shown.text
    assert client.get(f"{address}/photo").headers["content-type"] == "image/jpeg"
    assert client.get(f"{address}/photo?number=2").status_code == 404
    assert client.get(f"{address}/photo?number=-1").status_code == 404
    assert client.get("/answers/0123456789abcdef").status_code == 404


def test_one_that_is_not_kept_any_more_is_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.web.live, "REMEMBERED", 1)
    _, address = asked(client)
    asked(client)
    gone = client.get(address, headers={"accept": "text/html"})
    assert gone.status_code == 404 and "not kept any more" in gone.text


def test_a_mail_says_the_number_and_where_photo_and_answer_are(client: TestClient) -> None:
    page, address = asked(client)
    found = re.search(r'href="(mailto:[^"]+)"', page)
    assert found and "<" not in found[1]
    said = parse_qs(urlsplit(found[1].replace("&amp;", "&")).query)
    text = said["body"][0]
    assert f"Part number: hex_bolt, Bolt {HOSTILE}" in text and "45.3 × 13 × 15 mm" in text
    assert f"http://127.0.0.1:8000{address}" in text and "http://127.0.0.1:8000/parts/hex_bolt" in text
    assert said["subject"][0].startswith("Which part is this? hex_bolt") and "\r\n" in text
    assert "Teilenummer" in unquote(client.post("/?lang=de", files={"photo": photo("washer")}).text)


def test_status_names_the_last_run_and_the_report(client: TestClient, shop: Path) -> None:
    page = client.get("/status").text
    assert "none yet" in page and "/report" not in page and client.get("/report").status_code == 404
    runs = {"one": {"sequence": 1, "started": "2026-11-26T02:00:00", "stages": [{"seconds": 30}]},
            "two": {"sequence": 2, "started": "2026-11-27T02:00:00", "stages": [{"seconds": 60.0}, {"seconds": 30.0}]},
            "broken": {"stages": 3}}  # fmt: skip
    for name, run in runs.items():
        (shop / "versions" / name).mkdir(parents=True)
        (shop / "versions" / name / "run.json").write_text(json.dumps(run))
    (shop / "data/reports").mkdir()
    (shop / "data/reports/report.html").write_text("<style>p { color: red }</style><p>The report</p>")
    page = client.get("/status").text
    assert "2026-11-27 02:00:00" in page and "2 stages, 1.5 min" in page and 'href="/report"' in page
    report = client.get("/report")
    assert "The report" in report.text
    policy = report.headers["content-security-policy"]
    assert "script-src" not in policy and "default-src 'none'" in policy and "sandbox" in policy


def test_a_part_shows_its_labelled_photos_and_no_other_file(client: TestClient, shop: Path) -> None:
    squares = shop / "data/squares"
    squares.mkdir()
    for name in ("a.jpg", "b.jpg", "secret.jpg"):
        Image.new("RGB", (8, 8)).save(squares / name)
    rows = "a.jpg,a.jpg,washer,,,,,0,0,8,none\nb.jpg,b.jpg,,,,,,0,0,8,none\n"
    (squares / "photos.csv").write_text(HEAD + rows)
    assert "/squares/a.jpg" in client.get("/parts/washer").text
    assert "/squares/" not in client.get("/parts/hex_nut").text
    assert client.get("/squares/a.jpg").status_code == 200
    for name in ("b.jpg", "secret.jpg", "photos.csv", "..%2f..%2findex%2findex.json"):
        assert client.get(f"/squares/{name}").status_code == 404
    (squares / "photos.csv").write_text("damaged")
    assert client.get("/parts/washer").status_code == 200 and client.get("/squares/a.jpg").status_code == 404


@pytest.mark.parametrize(("language", "word"), [("en", "too dark"), ("de", "zu dunkel")])
def test_help_shows_good_and_bad_photos(client: TestClient, language: str, word: str) -> None:
    page = client.get("/help", headers={"accept-language": language}).text
    pictures = re.findall(r'src="(/static/help/[^"]+)"', page)
    assert word in page and len(pictures) == 6
    assert all(client.get(picture).headers["content-type"] == "image/webp" for picture in pictures)
