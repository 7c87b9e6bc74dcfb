"""Vocabularies in YAML: words, lists and mappings of words, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cad2real.errors import UserError

MAX_BYTES = 2_000_000


def read_words(path: Path) -> dict[str, Any]:
    """The mapping in the YAML file `path`. Every value in it is text: "no" and "1.10" are words here, not false and
    1.1.

    Raises UserError where the file cannot be read, is too large or holds anything else.
    """
    import yaml

    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB.", "Is it really a vocabulary?")
        text = path.read_text(encoding="utf-8-sig")
        # An alias may stand for any number of words.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise UserError(f"{path} has aliases (*name).", "Write the words themselves.")
        value = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but text, lists and mappings
    except RecursionError:
        raise UserError(f"{path} is nested too deeply.", "See docs/inputs.md for its form.") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as YAML ({reason}).", "Mend the line named here.") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} is no mapping of words.", "See docs/inputs.md for its form.")
    return value
