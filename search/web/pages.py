"""The pages for people, made on the server; static/page.js only makes them more comfortable."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cad2real.errors import UserError
from cad2real.guarded_process import NotStartedError
from search.additions import view_path
from search.index import Index
from search.naming.catalogue import named_parts
from search.part_filter import PartFilter
from search.places import assemblies_of
from search.stores.store import StoreError
from search.web.answers import Told, look_alikes, part_url, picture_url
from search.web.api import Figures, Judgement, Live, answers_of, ask, judge
from search.web.guard import COOKIE, token_cookie
from search.web.live import Asked, NoSearchError
from search.web.pictures import thumbnail, views_of
from search.web.question import Question, Text, catalogue_filter, question, uploaded
from search.web.sharing import mail_address, said_in_short
from search.web.words import COOKIE as LANGUAGE_COOKIE
from search.web.words import LANGUAGES, language_of, words

A_PAGE = 48  # parts: rows of 2, 3, 4, 6 and 8 come out even
YEAR_S = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)
templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,  # names come from part lists of strangers
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters |= {"part_url": part_url, "picture_url": picture_url}


def page(request: Request, template: str, code: int = 200, **content: Any) -> HTMLResponse:
    """`template` filled in, in the reader's language."""
    asked, language = request.query_params.get("lang"), _language(request)
    other = next(name for name in LANGUAGES if name != language)
    # A path of two slashes would be another host's in a link.
    here = f"/{request.url.path.lstrip('/')}" if request.method == "GET" else "/"
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    switch = f"{here}?{urlencode([*kept, ('lang', other)])}"
    shown = templates.get_template(template).render(
        t=words(language), language=language, other=other, switch=switch, path=request.url.path, code=code, **content
    )
    response = HTMLResponse(shown, code, {"Vary": "Accept-Language, Cookie", "Cache-Control": "no-store"})
    if asked in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, asked, YEAR_S, httponly=True, samesite="lax")
    return response


def _language(request: Request) -> str:
    before = request.cookies.get(LANGUAGE_COOKIE)
    return language_of(request.query_params.get("lang"), before, request.headers.get("accept-language"))


def for_others(request: Request, told: list[Told], asked: Asked) -> dict[str, str]:
    """What an answer's reader may send to somebody: its text, and a mail with it."""
    t = words(_language(request))
    text = said_in_short(told, t, str(request.base_url).rstrip("/"), asked.id)
    first = next((one.cards[0].said for one in told if one.cards), None)
    subject = f"{t.title} {first.part_id} {first.name}".strip() if first else t.title
    return {"text": text, "mail": mail_address(subject, text)}


def choices(index: Index) -> dict[str, Any]:
    """What the filters offer: the materials, colours and assemblies of the catalogue, and whether it has positions."""
    return {
        "materials": sorted({part.material for part in index.parts} - {""}),
        "colors": sorted({part.color for part in index.parts} - {""}),
        "assemblies": assemblies_of(part.places for part in index.parts),
        "positions": any(one.position for part in index.parts for one in part.places),
    }


@router.get("/")
def start(request: Request, live: Live) -> HTMLResponse:
    """The page that takes a photo."""
    return page(request, "search.html.j2", **choices(live.current().index), asked=None, answers=[], fault="", send={})


@router.post("/")
async def answer(
    request: Request,
    photos: Annotated[list[bytes], Depends(uploaded)],
    asked: Annotated[Question, Depends(question)],
    live: Live,
    figures: Figures,
) -> HTMLResponse:
    """The answer to a photo: as a page, or for the page's module as that part of it alone."""
    alone = request.headers.get("x-part-of-page") == "answer"
    template = "answer.html.j2" if alone else "search.html.j2"
    try:
        found = await ask(live, figures, photos, asked)
    except (NoSearchError, NotStartedError, StoreError):
        raise
    except UserError as error:
        there = {} if alone else choices(live.current().index)
        return page(request, template, 400, **there, asked=None, answers=[], fault=str(error), send={})
    there = {} if alone else choices(found.search.index)
    told = answers_of(found)
    send = for_others(request, told, found)
    return page(request, template, **there, asked=found, answers=told, fault="", send=send)


@router.post("/feedback")
def feedback(
    request: Request,
    answer: Annotated[str, Form(max_length=40)],
    part_id: Annotated[str, Form(max_length=300)],
    live: Live,
    figures: Figures,
    about: Annotated[int, Form(ge=0, le=1000)] = 0,
) -> HTMLResponse:
    """Notes what somebody says of an answer."""
    judge(live, figures, Judgement(answer=answer, part_id=part_id.strip(), about=about))
    return page(request, "thanks.html.j2", part_id=part_id)


@router.get("/parts")
def catalogue(
    request: Request,
    live: Live,
    wanted: Annotated[PartFilter, Depends(catalogue_filter)],
    q: Text = "",
    number: Annotated[int, Query(ge=1, le=1_000_000, alias="page")] = 1,
) -> HTMLResponse:
    """The catalogue as a grid."""
    index = live.current().index
    found = [one.number for one in named_parts(index, q, wanted)]
    last = max(1, -(-len(found) // A_PAGE))
    number = min(number, last)
    some = found[(number - 1) * A_PAGE : number * A_PAGE]
    shown = [(index.parts[part], next(iter(views_of(index, part)), None)) for part in some]
    given = [(name, value) for name, value in request.query_params.multi_items() if name not in ("page", "lang")]
    return page(
        request,
        "catalogue.html.j2",
        **choices(index),
        shown=shown,
        count=len(found),
        number=number,
        last=last,
        q=q,
        given=dict(given),
        query=urlencode(given),
    )


@router.get("/parts/{part_id:path}")
def part(request: Request, part_id: str, live: Live) -> HTMLResponse:
    """All about a part."""
    index = live.current().index
    number = _number(index, part_id)
    alike = [(other, views_of(index, index.number_of[other.part_id])[0]) for other in look_alikes(index, number)]
    there, views, photos = index.parts[number], views_of(index, number), live.labelled.of(index.parts[number].label)
    return page(request, "part.html.j2", part=there, views=views, alike=alike, photos=photos)


@router.get("/compare")
def compare(request: Request, live: Live, a: Text = "", b: Text = "") -> HTMLResponse:
    """Two parts side by side."""
    index = live.current().index
    numbers = [_number(index, part_id) for part_id in (a, b)]
    both = [(index.parts[number], views_of(index, number)[:6]) for number in numbers]
    return page(request, "compare.html.j2", both=both)


@router.get("/pictures/{view:path}")
def picture(view: str, live: Live, small: Annotated[bool, Query()] = False) -> Response:
    """A view that the index names, or its thumbnail."""
    if view not in live.current().index.view_names:
        raise HTTPException(404, "There is no such picture.")
    path = view_path(live.layout, view)
    caching = {"Cache-Control": "private, max-age=600"}
    try:
        if small:
            return Response(thumbnail(path), media_type="image/webp", headers=caching)
    except OSError:
        raise HTTPException(404, "That picture cannot be read.") from None
    if not path.is_file():
        raise HTTPException(404, "That picture is not there any more.")
    return FileResponse(path, media_type="image/png", headers=caching)


@router.get("/login")
def login_page(request: Request) -> HTMLResponse:
    """Asks for the token."""
    return page(request, "login.html.j2", wrong=False)


@router.post("/login")
def login(request: Request, token: Annotated[str, Form(max_length=500)] = "") -> Response:
    """Lets who knows the token in."""
    own: str | None = request.app.state.token
    if own is not None and not hmac.compare_digest(token.encode(), own.encode()):
        return page(request, "login.html.j2", 401, wrong=True)
    response = RedirectResponse("/", 303)
    if own is not None:
        encrypted = request.url.scheme == "https"
        response.set_cookie(COOKIE, token_cookie(own), httponly=True, samesite="strict", secure=encrypted)
    return response


def _number(index: Index, part_id: str) -> int:
    number = index.number_of.get(part_id)
    if number is None:
        raise HTTPException(404, "There is no such part.")
    return number
