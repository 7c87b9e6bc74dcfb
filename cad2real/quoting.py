"""Names from files of strangers, as a terminal may show them: it obeys control characters in what it is shown."""

from __future__ import annotations

import json
from typing import Any


def quoted(text: str) -> str:
    r"""`text` in one line, with everything that is no visible character (ESC and the like, line ends, marks that turn
    the direction of writing, bytes that are no text) as an escape, such as `\x1b`.

    >>> print(quoted("bolt\x1b[2J"))
    bolt\x1b[2J
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == "\t" else char.encode("unicode_escape").decode() for char in text
    )


def quoted_json(value: Any) -> str:
    """`value` as indented JSON for a terminal or a program: readable letters, everything invisible as JSON escapes."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
