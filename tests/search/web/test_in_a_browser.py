"""The page in a real Chromium: photo, frame, answer, compare, feedback, catalogue, at 390 and 1,400 px, in both
languages; and no name of a part ever runs as a script.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from search.web.feedback import entries
from search.web.live import LOOK_AGAIN_S
from tests.search.web.conftest import HOSTILE, photo, shop_index, write_index, write_looks

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = {"phone": (390, 844), "desktop": (1400, 900)}


def opened(browser: Browser, address: str, size: str = "desktop", language: str = "en", **more: Any) -> Page:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=language, reduced_motion="reduce", **more
    )
    page = context.new_page()
    page.set_default_timeout(60_000)  # of a machine that runs other tests beside
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.faults = faults  # type: ignore[attr-defined]
    page.goto(address)
    return page


def sound(page: Page) -> None:
    """Nothing ran that should not, nothing is wider than the screen."""
    assert page.faults == []  # type: ignore[attr-defined]
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("language", "word"), [("en", "Answer"), ("de", "Antwort")])
def test_photo_frame_answer_compare_feedback(
    browser: Browser, address: str, shop: Path, tmp_path: Path, size: str, language: str, word: str
) -> None:
    page = opened(browser, address, size, language)
    assert page.locator("html").get_attribute("lang") == language
    (tmp_path / "p.jpg").write_bytes(photo("hex_nut", (2600, 1300)))
    sent: list[int] = []
    page.on("request", lambda request: sent.append(len(request.post_data_buffer or b"")))
    page.set_input_files("#photo", tmp_path / "p.jpg")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    assert page.locator("#answer h2").first.inner_text() == word
    assert page.locator("#preview canvas").first.evaluate("canvas => canvas.width") == 1280
    first = page.locator(".card.first")
    assert "Nut M10" in first.inner_text() and "18.5 × 8.4 mm" in first.inner_text()
    assert first.locator(".yours").count() == 1
    assert "Nut M10" in page.locator("#said").inner_text()
    sound(page)

    page.locator("#preview").scroll_into_view_if_needed()
    page.locator("#preview").evaluate("element => element.scrollIntoView({block: 'center'})")
    area = page.locator("#preview canvas").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + 0.25 * area["width"], area["y"] + 0.25 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.75 * area["width"], area["y"] + 0.75 * area["height"], steps=4)
    page.mouse.up()
    page.wait_for_selector("#answer[aria-busy=false] .thing[data-box]")
    box = [float(side) for side in (page.locator(".thing").get_attribute("data-box") or "").split(",")]
    assert box == pytest.approx([0.25, 0.25, 0.5, 0.5], abs=0.02)

    page.locator(".card.first form.judge button").click()
    page.wait_for_selector(".card.first [role=status]")
    page.fill(".other input[name=part_id]", "washer")
    page.locator(".other button").click()
    page.wait_for_selector(".other + [role=status].good")
    page.fill(".other input[name=part_id]", "no such part")
    page.locator(".other button").click()
    page.wait_for_selector(".other + [role=status].bad")
    assert [entry["part_id"] for entry in entries(shop / "data/feedback")] == ["hex_nut", "washer"]
    page.faults.clear()  # type: ignore[attr-defined] # the browser's own note of the answer 404

    page.locator("details.others").evaluate("element => element.open = true")
    page.locator(".card:not(.first) a[href^='/compare']").first.click()
    page.wait_for_selector(".compare .differs")
    sound(page)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("language", "words"), [("en", "nearly alike"), ("de", "fast gleich gut")])
def test_a_tie_asks_for_another_photo_of_the_same_part(
    browser: Browser, address: str, shop: Path, tmp_path: Path, size: str, language: str, words: str
) -> None:
    write_index(shop, replace(shop_index(), tie_margin=9.0))
    time.sleep(1.1 * LOOK_AGAIN_S)  # so long the one before may still answer
    page = opened(browser, address, size, language)
    (tmp_path / "p.jpg").write_bytes(photo("hex_nut", (200, 200)))
    (tmp_path / "q.jpg").write_bytes(photo("hex_nut", (300, 200)))
    page.set_input_files("#photo", tmp_path / "p.jpg")
    page.wait_for_selector(".tie .sides img")
    assert words in page.locator(".tie").inner_text() and page.locator(".tie figure").count() == 2
    with page.expect_file_chooser() as chosen:
        page.locator(".tie .same").click()
    with page.expect_response("**/"):
        chosen.value.set_files(tmp_path / "q.jpg")
    page.wait_for_selector("#answer[aria-busy=false] .by-photos")
    assert page.locator("#earlier button").count() == 1 and ": 2" in page.locator(".by-photos").inner_text()
    sound(page)
    with page.expect_response("**/"):
        page.locator("#earlier button").click()
    page.wait_for_selector("#answer[aria-busy=false] .card")
    assert page.locator(".by-photos").count() == 0
    page.set_input_files("#photo", tmp_path / "q.jpg")  # another part
    page.wait_for_selector("#answer[aria-busy=false] .card")
    assert page.locator("#earlier button").count() == 0
    sound(page)


@pytest.mark.parametrize("size", SIZES)
def test_an_answer_is_passed_on_and_a_part_is_turned(
    browser: Browser, address: str, shop: Path, tmp_path: Path, size: str
) -> None:
    views = [f"hex_bolt/view_{number:03d}.png" for number in range(3)]
    index = shop_index()
    more = index.with_rows(index.embeddings[[0, 0]], [0, 0], views[1:])
    for view in views[1:]:
        Image.new("RGBA", (64, 64), "red").save(shop / "data/renders" / view)
    write_index(shop, more)
    time.sleep(1.1 * LOOK_AGAIN_S)
    page = opened(browser, address, size, "de", color_scheme="dark")
    (tmp_path / "p.jpg").write_bytes(photo("hex_bolt", (800, 600)))
    page.set_input_files("#photo", tmp_path / "p.jpg")
    page.wait_for_selector("#answer[aria-busy=false] .send")
    assert page.locator(".send .print").is_visible() and HOSTILE[:4] not in page.locator(".send").inner_html()
    page.locator(".send a").first.click()
    page.wait_for_url("**/answers/*")
    assert page.locator(".photo img").evaluate("photo => photo.complete && photo.naturalWidth") == 800
    assert "hex_bolt" in page.locator(".card.first").inner_text()
    sound(page)
    page.locator(".card.first h4 a").click()
    page.wait_for_selector(".turn input")
    page.locator(".turn input").focus()
    page.keyboard.press("ArrowRight")
    assert "view_001" in (page.locator(".turn img").get_attribute("src") or "")
    sound(page)
    page.goto(f"{address}/help")
    assert page.locator(".examples img").count() == 6
    sound(page)


@pytest.mark.parametrize("size", SIZES)
def test_catalogue_part_and_status(browser: Browser, address: str, size: str) -> None:
    page = opened(browser, f"{address}/parts", size, color_scheme="dark")
    assert page.locator(".grid li").count() == 3
    sound(page)
    page.fill("input[name=q]", "bolt")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=bolt**")
    page.locator(".grid a").click()
    page.wait_for_selector("h1")
    assert "<script>" in page.locator("h1").inner_text()  # shown, not run
    sound(page)
    page.goto(f"{address}/status")
    assert "75.0 %" in page.locator("main").inner_text()
    sound(page)


@pytest.mark.parametrize("size", SIZES)
def test_a_line_of_known_length_measures_the_part(browser: Browser, address: str, tmp_path: Path, size: str) -> None:
    page = opened(browser, address, size, "de")
    measured_photo(page, tmp_path)
    page.fill("#mm", "40,0")
    page.click("#draw")
    page.locator("#preview").evaluate("element => element.scrollIntoView({block: 'center'})")
    area = page.locator("#preview canvas").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + 0.25 * area["width"], area["y"] + 0.8 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.75 * area["width"], area["y"] + 0.8 * area["height"], steps=4)
    with page.expect_response("**/"):
        page.mouse.up()
    page.wait_for_selector("#answer[aria-busy=false] .card")
    said = page.locator("#answer .note").first.inner_text()
    assert "Im Foto gemessen: 4" in said and "× 20" in said  # 200 pixels are 40 mm
    assert page.locator(".thing[data-box]").count() == 0  # a line is no frame
    sound(page)
    with page.expect_response("**/"):
        page.click("#no-line")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    assert "gemessen" not in page.locator("#answer").inner_text()


def measured_photo(page: Page, folder: Path) -> None:
    """Asks about a part 200 x 100 pixels large in a photo of 400, and opens what takes a known length of 40 mm."""
    picture = Image.new("RGB", (400, 400), "white")
    picture.paste((40, 180, 60), (100, 150, 300, 250))
    picture.save(folder / "p.png")
    page.set_input_files("#photo", folder / "p.png")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    page.locator("#measure summary").click()
    page.fill("#mm", "40")


def test_a_length_by_the_keyboard_alone(browser: Browser, address: str, tmp_path: Path) -> None:
    page = opened(browser, address)
    measured_photo(page, tmp_path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "draw"
    page.keyboard.press("Enter")
    assert "Arrow keys move it" in (page.locator(".end:focus").get_attribute("aria-label") or "")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")  # from .25 to .05
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")  # the other end
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")  # from .75 to .99
    with page.expect_response("**/"):
        page.keyboard.press("Enter")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    assert "× 10.7" in page.locator("#answer .note").first.inner_text()  # 374.4 pixels are 40 mm
    assert page.evaluate("document.activeElement.className") == "end"
    assert page.locator(".thing[data-box]").count() == 0  # a line is no frame
    with page.expect_response("**/"):
        page.keyboard.press("Escape")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    assert page.locator(".end").count() == 0 and "Measured" not in page.locator("#answer").inner_text()
    sound(page)


def test_a_length_by_a_finger(browser: Browser, address: str, tmp_path: Path) -> None:
    page = opened(browser, address, "phone", has_touch=True, is_mobile=True)
    measured_photo(page, tmp_path)
    page.locator("#draw").tap()
    finger = page.context.new_cdp_session(page)

    def drag(*stations: tuple[float, float]) -> None:
        page.locator("#preview").evaluate("element => element.scrollIntoView({block: 'center'})")
        area = page.locator("#preview canvas").bounding_box()
        assert area is not None
        points = [{"x": area["x"] + x * area["width"], "y": area["y"] + y * area["height"]} for x, y in stations]
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
        for point in points[1:]:
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        with page.expect_response("**/"):
            finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_selector("#answer[aria-busy=false] .card")

    drag((0.25, 0.8), (0.5, 0.8), (0.75, 0.8))  # 200 pixels are 40 mm
    assert "× 20" in page.locator("#answer .note").first.inner_text()
    drag((0.75, 0.8), (0.8, 0.8), (0.95, 0.8))  # its second end, 280 pixels
    assert "× 14" in page.locator("#answer .note").first.inner_text()
    assert page.locator(".thing[data-box]").count() == 0
    sound(page)


def test_a_number_is_typed_or_read_and_never_runs(browser: Browser, address: str, tmp_path: Path) -> None:
    page = opened(browser, address, "phone", "de")
    page.fill(".number-known input", "hex")
    page.keyboard.press("Enter")
    page.wait_for_url("**/parts?q=hex")
    assert page.locator(".grid li").count() == 2
    page.goto(address)
    code = np.array(zxingcpp.create_barcode(f"hex_bolt {HOSTILE}", zxingcpp.BarcodeFormat.QRCode).to_image(scale=4))
    picture = Image.new("RGB", (600, 600), (40, 60, 200))
    picture.paste(Image.fromarray(code).convert("RGB"), (20, 20))
    picture.save(tmp_path / "p.png")
    page.set_input_files("#photo", tmp_path / "p.png")
    page.wait_for_selector(".card.first .read")
    assert HOSTILE in page.locator(".read").inner_text() and "Im Foto gelesen" in page.locator(".read").inner_text()
    assert "hex_bolt" in page.locator(".card.first .number").inner_text()
    sound(page)


def test_with_the_keyboard_alone(browser: Browser, address: str, tmp_path: Path) -> None:
    page = opened(browser, address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    (tmp_path / "p.jpg").write_bytes(photo("washer", (200, 200)))
    page.set_input_files("#photo", tmp_path / "p.jpg")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    page.locator("#preview").focus()
    for key in ("Enter", "ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    with page.expect_response("**/"):
        page.keyboard.press("Enter")
    page.wait_for_selector("#answer[aria-busy=false] .thing[data-box]")
    box = [float(side) for side in (page.locator(".thing").get_attribute("data-box") or "").split(",")]
    assert box == pytest.approx([0.28, 0.25, 0.5, 0.53], abs=0.02)
    sound(page)


def test_without_scripts_it_is_a_plain_form(browser: Browser, address: str, tmp_path: Path) -> None:
    page = opened(browser, address, java_script_enabled=False)
    (tmp_path / "<b>evil.jpg").write_bytes(photo("hex_bolt"))
    page.set_input_files("#photo", tmp_path / "<b>evil.jpg")
    page.locator("#ask").click()
    page.wait_for_selector(".card.first")
    assert "hex_bolt" in page.locator(".card.first").inner_text()
    page.locator(".card.first form.judge button").click()
    page.wait_for_selector(".note.good")


def test_what_is_no_photo_and_a_server_that_is_gone(browser: Browser, address: str, tmp_path: Path) -> None:
    page = opened(browser, address)
    (tmp_path / "words.jpg").write_text("no picture")
    page.set_input_files("#photo", tmp_path / "words.jpg")
    page.wait_for_selector("#answer .note.bad")
    assert "not a picture" in page.locator("#answer").inner_text()
    page.context.set_offline(True)
    (tmp_path / "p.jpg").write_bytes(photo("washer"))
    page.set_input_files("#photo", tmp_path / "p.jpg")
    page.wait_for_selector("#answer .note.bad:has-text('does not answer')")


def test_the_shell_stays_when_the_server_is_gone(browser: Browser, address: str) -> None:
    page = opened(browser, address, "phone", "de")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # now the worker stands between
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    assert page.evaluate("caches.open('shell-1').then(kept => kept.keys()).then(kept => kept.length)") >= 7
    sound(page)
    page.context.set_offline(True)
    page.goto(address)
    assert "antwortet nicht" in page.locator("[role=alert]").inner_text()
    page.context.set_offline(False)
    page.locator(".button.main").click()
    page.wait_for_selector("#photo", state="attached")


@pytest.mark.parametrize("size", SIZES)
def test_what_it_looks_like_becomes_a_filter(
    browser: Browser, shop: Path, address: str, tmp_path: Path, size: str
) -> None:
    write_looks(shop)
    write_index(shop, shop_index())
    time.sleep(1.1)
    page = opened(browser, address, size)
    (tmp_path / "p.jpg").write_bytes(photo("hex_nut", (800, 600)))
    page.set_input_files("#photo", tmp_path / "p.jpg")
    page.wait_for_selector("#answer[aria-busy=false] .looks")
    assert page.locator(".looks").inner_text().startswith("Looks like brass")
    assert "Bush <img" in page.locator(".thing .note").first.inner_text() and page.locator(".card").count() == 3
    page.locator(".only").click()
    page.locator(".card").nth(1).wait_for(state="detached")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    assert page.locator("select[name=material]").input_value() == "brass"
    assert page.locator(".only").is_hidden() and "Nut M10" in page.locator(".card.first").inner_text()
    sound(page)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("language", "heading"), [("en", "Part list"), ("de", "Stückliste")])
def test_parts_of_one_assembly_are_asked_for_and_say_where_they_stand(
    browser: Browser, address: str, tmp_path: Path, size: str, language: str, heading: str
) -> None:
    page = opened(browser, address, size, language)
    (tmp_path / "p.jpg").write_bytes(photo("washer", (800, 600)))
    page.set_input_files("#photo", tmp_path / "p.jpg")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    assert page.locator(".card").count() == 3
    page.locator("details:has(select[name=assembly]) > summary").click()
    page.select_option("select[name=assembly]", "Door")
    page.locator(".card").nth(1).wait_for(state="detached")
    page.wait_for_selector("#answer[aria-busy=false] .card")
    said = page.locator(".card.first .places").inner_text()
    assert heading in said and "Pos. 3 · Press 40 › Door" in said and "Pos. 7 · Press 40 › Frame <img" in said
    sound(page)
    page.goto(f"{address}/parts?assembly=Press+40&position=3")
    assert page.locator(".grid li").count() == 2 and page.locator("input[name=position]").input_value() == "3"
    assert page.locator("select[name=assembly]").input_value() == "Press 40"
    sound(page)
    page.goto(f"{address}/compare?a=hex_bolt&b=hex_nut")
    assert "Pos. 3 · Press 40 › Door" in page.locator("table.compare").inner_text()
    sound(page)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_heading_of_each_page_is_one_line_on_a_phone(browser: Browser, address: str, language: str) -> None:
    page = opened(browser, address, "phone", language)
    for path in ("/", "/parts", "/status", "/help"):
        page.goto(address + path)
        tops = page.locator(".bar a").evaluate_all("links => links.map(link => link.getBoundingClientRect().top)")
        assert max(tops) - min(tops) < 20, path
