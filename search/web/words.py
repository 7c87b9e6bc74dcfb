"""The page's words in English and German."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import yaml

LANGUAGES = ("en", "de")
COOKIE = "lang"


@cache
def words(language: str) -> SimpleNamespace:
    """The words of `language` by their names in words.yaml: attributes, since a mapping has methods of such names."""
    said = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"))
    return SimpleNamespace(**{name: texts[language] for name, texts in said.items()})


def language_of(asked: str | None, cookie: str | None, accepted: str | None) -> str:
    """The language of a page: the one asked for now, else before, else the first that the browser names and that there
    is, else English.

    >>> language_of(None, None, "fr;q=1, de-AT;q=0.8, en;q=0.5"), language_of("en", "de", None)
    ('de', 'en')
    """
    names = [asked or "", cookie or ""]
    names += [entry.partition(";")[0].strip().lower()[:2] for entry in (accepted or "").split(",")]
    return next((name for name in names if name in LANGUAGES), LANGUAGES[0])
