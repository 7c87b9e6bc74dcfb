"""The JSON interface, described by /api/openapi.json."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from search.naming.catalogue import named_parts
from search.part_filter import PartFilter
from search.web.answers import Card, Telling, Told, as_json, look_alikes, picture_url, told
from search.web.feedback import Said, append
from search.web.live import Asked, LiveSearch
from search.web.metrics import Metrics
from search.web.pictures import views_of
from search.web.question import Question, Text, catalogue_filter, question, uploaded

MOST_A_PAGE = 200

router = APIRouter(prefix="/api")


async def live_search(request: Request) -> LiveSearch:  # async: others are called in a thread, one after the other
    """The server's search."""
    live: LiveSearch = request.app.state.live
    return live


async def metrics(request: Request) -> Metrics:
    """The server's figures."""
    figures: Metrics = request.app.state.metrics
    return figures


Live = Annotated[LiveSearch, Depends(live_search)]
Figures = Annotated[Metrics, Depends(metrics)]


@router.post("/search", summary="Which parts does this photo show?")
async def search(
    photos: Annotated[list[bytes], Depends(uploaded)],
    asked: Annotated[Question, Depends(question)],
    live: Live,
    figures: Figures,
) -> dict[str, Any]:
    """The nearest parts of everything that is found in the photo, or in the given box; with `more`, of the one part
    that all photos show.
    """
    answer = await ask(live, figures, photos, asked)
    return {
        "answer": answer.id,
        "photo": {"width": answer.width, "height": answer.height},
        "model_key": answer.search.index.model_key,
        "milliseconds": round(answer.milliseconds, 1),
        "answers": [
            {
                "box": _corners(one, answer),
                "score": one.score,
                "tied": bool(one.tied),
                "size_mm": one.size,
                "photograph": [{**_telling(side)} for side in one.tied],
                "doubtful": one.doubtful,
                "looks": [{**like.fact.as_dict(), "filter": like.wanted} for like in one.looks],
                "unseen": [as_json(part) for part in one.unseen],
                "parts": [_card(card) for card in one.cards],
            }
            for one in answers_of(answer)
        ],
    }


async def ask(live: LiveSearch, figures: Metrics, photos: list[bytes], asked: Question) -> Asked:
    """The answer to `photos` of one part, which is measured."""
    answer = await live.ask(photos, asked)
    figures.answers.observe(answer.milliseconds / 1000)
    figures.parts.set(len(answer.search.index.parts))
    return answer


def answers_of(asked: Asked) -> list[Told]:
    """What is said of each thing in the photo."""
    return [told(answer, asked.search.index, asked.width, asked.height) for answer in asked.answers]


def _telling(side: Telling) -> dict[str, str]:
    return {"part_id": side.said.part_id, "view": side.view, "picture": side.picture}


def _card(card: Card) -> dict[str, Any]:
    said = {**as_json(card.said), **card.match.as_dict(), "certainty": card.certainty}
    return {**said, "picture": card.picture}


def _corners(one: Told, asked: Asked) -> list[float] | None:
    if one.box is None:
        return None
    left, top, width, height = one.box
    corners = (left * asked.width, top * asked.height, (left + width) * asked.width, (top + height) * asked.height)
    return [round(corner, 1) for corner in corners]


@router.get("/parts", summary="The catalogue")
def parts(
    live: Live,
    wanted: Annotated[PartFilter, Depends(catalogue_filter)],
    q: Text = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 50,
) -> dict[str, Any]:
    """Parts by number or name (exactly, then by how they begin, then by what they contain), and by filters."""
    found = [one.number for one in named_parts(live.current().index, q, wanted)]
    some = found[(page - 1) * size : page * size]
    return {"count": len(found), "page": page, "parts": [as_json(live.current().index.parts[part]) for part in some]}


@router.get("/parts/{part_id}", summary="One part", responses={404: {"description": "There is no such part"}})
def part(part_id: str, live: Live) -> dict[str, Any]:
    """What the catalogue says of a part, its views, and the parts that it is most easily confused with."""
    index = live.current().index
    number = index.number_of.get(part_id)
    if number is None:
        raise HTTPException(404, "There is no such part.")
    return {
        **as_json(index.parts[number]),
        "views": [picture_url(view) for view in views_of(index, number)],
        "look_alikes": [other.part_id for other in look_alikes(index, number)],
    }


class Judgement(BaseModel):
    """What somebody says of an answer: which part it is. `about`: which of its things, from 0."""

    model_config = ConfigDict(extra="forbid")

    answer: str = Field(max_length=40)
    part_id: str = Field(max_length=300)
    about: int = Field(0, ge=0, le=1000)


@router.post("/feedback", summary="Confirm or correct an answer", responses={404: {"description": "Forgotten"}})
def feedback(said: Judgement, live: Live, figures: Figures) -> dict[str, str]:
    """Keeps the photo with the right part in data/feedback. No model changes by it."""
    return {"verdict": judge(live, figures, said)}


def judge(live: LiveSearch, figures: Metrics, said: Judgement) -> Literal["confirmed", "corrected"]:
    """Writes a judgement down. Raises HTTPException where the answer is forgotten or there is no such part."""
    asked = live.remembered(said.answer)
    if asked is None or said.about >= len(asked.answers):
        raise HTTPException(404, "That answer is not known any more. Ask again, then confirm.")
    index = asked.search.index
    number = index.number_of.get(said.part_id)
    if number is None:
        raise HTTPException(404, "There is no such part.")
    answer = asked.answers[said.about]
    first = answer.matches[0] if answer.matches else None
    verdict: Literal["confirmed", "corrected"] = (
        "confirmed" if first is not None and first.part_id == said.part_id else "corrected"
    )
    told_of = Said(
        said.part_id,
        index.parts[number].label,
        verdict,
        first.part_id if first else "",
        round(first.distance, 4) if first else 0.0,
        index.model_key,
        answer.where,
    )
    append(live.layout.feedback, asked.id, asked.photos, told_of)
    figures.feedback.labels(verdict).inc()
    return verdict
