"""Hundreds of forms of one list: each is read as it is meant, or refused in a line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cad2real.errors import UserError
from render.part_lists.reader import read_list

sys.path.insert(0, str(Path(__file__).parent))
from forms_of_lists import Form, text_forms


def check(form: Form, folder: Path) -> None:
    path = folder / f"list{form.suffix}"
    path.write_bytes(form.content)
    if form.refused:
        with pytest.raises(UserError, match=form.refused) as error:
            read_list(path)
        assert "\n" not in str(error.value)
        return
    read = read_list(path)
    assert [(part.part_number, part.name, part.quantity, part.material_written) for part in read.parts] == form.parts


@pytest.mark.parametrize("form", text_forms(), ids=lambda form: ascii(form.name))
def test_a_list_in_any_form_is_read_or_refused(form: Form, tmp_path: Path) -> None:
    check(form, tmp_path)


def test_there_are_many_forms_and_each_once() -> None:
    forms = text_forms()
    assert len(forms) > 300
    assert len({(form.content, form.suffix) for form in forms}) > 300
