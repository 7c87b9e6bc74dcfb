"""Further pages for people: an answer to pass on, help, how the project stands, its report."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from cad2real.files import read_json
from search.web.api import Live, answers_of
from search.web.feedback import entries
from search.web.live import Asked, LiveSearch
from search.web.pages import for_others, page
from search.web.project import last_run, report_of

REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
"""The report is one file with its styles and pictures in it, and runs nothing."""

router = APIRouter(include_in_schema=False)


@router.get("/answers/{answer}")
def shared(request: Request, answer: str, live: Live) -> HTMLResponse:
    """An answer that was given, with its photo: to pass on and to print."""
    asked = _remembered(live, answer)
    told = answers_of(asked)
    boxes, send = [one.box for one in told if one.box], for_others(request, told, asked)
    return page(request, "shared.html.j2", answers=told, asked=asked, boxes=boxes, fault="", send=send)


@router.get("/answers/{answer}/photo")
def shared_photo(answer: str, live: Live, number: int = 1) -> Response:
    """Its photo, without metadata; `number` from 1 where there were several."""
    photos = _remembered(live, answer).photos
    if not 1 <= number <= len(photos):
        raise HTTPException(404, "There is no such photo.")
    return Response(photos[number - 1], media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


def _remembered(live: LiveSearch, answer: str) -> Asked:
    asked = live.remembered(answer)
    if asked is None:
        raise HTTPException(404, "That answer is not kept any more. Ask again with the photo.")
    return asked


@router.get("/help")
def help_page(request: Request) -> HTMLResponse:
    """Which photos get good answers."""
    return page(request, "help.html.j2")


@router.get("/status")
def status(request: Request, live: Live) -> HTMLResponse:
    """Which model and index answer here, how well, and what ran last."""
    search = live.current()
    said = list(entries(live.layout.feedback))
    return page(
        request,
        "status.html.j2",
        index=search.index,
        finder=search.looking is not None,
        fault=live.fault,
        scores=_scores(live),
        judged=(len(said), sum(entry.get("verdict") == "confirmed" for entry in said)),
        run=last_run(live.root),
        report=report_of(live.layout) is not None,
    )


@router.get("/report")
def report(live: Live) -> Response:
    """The project's report."""
    path = report_of(live.layout)
    if path is None:
        raise HTTPException(404, "There is no report yet. Run `cad2real run`.")
    headers = {"Content-Security-Policy": REPORT_POLICY, "Cache-Control": "private, no-store"}
    return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/squares/{name}")
def square(name: str, live: Live) -> Response:
    """A labelled photo of the project, cut square."""
    path = live.labelled.path(name)
    if path is None or not path.is_file():
        raise HTTPException(404, "There is no such photo.")
    return FileResponse(path, headers={"Cache-Control": "private, max-age=600"})


def _scores(live: LiveSearch) -> dict[str, Any]:
    """What the index stage measured, nothing where it could not."""
    try:
        measured = read_json(live.layout.index / "retrieval.json", "photos", "top1", "top5")
    except (OSError, ValueError):
        return {}
    return measured if isinstance(measured["top1"], float) and isinstance(measured["top5"], float) else {}
