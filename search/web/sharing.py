"""An answer for somebody else: what a mail says of it."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from urllib.parse import quote

from search.web.answers import Card, Told, part_url

MOST_LETTERS = 1500  # of a mail's text: some programs take no more in an address


def said_in_short(told: Sequence[Told], words: SimpleNamespace, origin: str, answer: str) -> str:
    """The first part of each thing in a few lines, with the addresses of its page and of the answer's below `origin`
    ("http://host:8000").
    """
    lines = [line for one in told if one.cards for line in _lines(one.cards[0], words, origin)]
    end = f"{words.photo_and_answer}: {origin}/answers/{answer}"
    while lines and sum(map(len, lines)) > MOST_LETTERS:
        lines.pop()
    return "\n".join([*lines, end])


def mail_address(subject: str, text: str) -> str:
    r"""A link that opens a mail with this subject and text (RFC 6068).

    >>> mail_address("A & B", "one\ntwo")
    'mailto:?subject=A%20%26%20B&body=one%0D%0Atwo'
    """
    return f"mailto:?subject={quote(subject, safe='')}&body={quote(text.replace(chr(10), chr(13) + chr(10)), safe='')}"


def _lines(card: Card, words: SimpleNamespace, origin: str) -> list[str]:
    said = card.said
    name = f", {said.name}" if said.name else ""
    facts = [said.material, said.surface, said.color]
    if said.size_mm:
        facts.append(f"{' × '.join(f'{round(side, 1):g}' for side in said.size_mm)} {words.mm}")
    facts += [f"{words.place}: {one}" for one in said.places[:1]]
    about = ", ".join(filter(None, facts))
    sure = getattr(words, card.certainty)
    return [
        f"{words.number}: {said.part_id}{name} ({sure})",
        *([about] if about else []),
        f"{origin}{part_url(said.part_id)}",
        "",
    ]
