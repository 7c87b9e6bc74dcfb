"""Photos of strangers, decoded in a process that may be lost: a file that ends, stops or fills its decoder costs one
question.

The process gives the picture back in memory that both share (0.7 ms for 6 MB, against 7 through a pipe), and then what
is read in it: meanwhile the network looks at the picture here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Annotated, cast

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cad2real.errors import UserError
from cad2real.guarded_process import GivenUpError, GuardedProcess, Limits
from photos.opening import open_photo
from search.naming.codes import Code, codes_in, is_readable, load_readers
from search.seeing.decoded import DecodedPhoto, first_share

LIMITS = Limits(cpu_s=10, wall_s=15.0, memory=1_500_000_000)
"""Of one photo, of at most 60 megapixels: the slowest of these at hand take 4 s and 0.6 GB."""
MOST_PIXELS = 60_000_000
SHARED_BYTES = 48_000_000
"""Of a picture that comes back: 16 megapixels as RGB; a larger one is made smaller."""


@dataclass(frozen=True)
class Look:
    """What the process is asked: `content` of a photo's file, decoded at least by `least` of its size."""

    content: bytes
    least: float
    with_codes: bool


class Looked(BaseModel):
    """What it answers, which a damaged photo may have made up: `width` and `height` of the upright photo, the sides of
    the `picture` in the shared memory.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    width: Annotated[int, Field(ge=1, le=MOST_PIXELS)]
    height: Annotated[int, Field(ge=1, le=MOST_PIXELS)]
    picture: tuple[Annotated[int, Field(ge=1, le=SHARED_BYTES)], Annotated[int, Field(ge=1, le=SHARED_BYTES)]]


class Fault(BaseModel):
    """Why a photo cannot be used."""

    model_config = ConfigDict(strict=True, frozen=True)

    what: Annotated[str, Field(max_length=500)]
    remedy: Annotated[str, Field(max_length=500)]


type Read = tuple[Annotated[str, Field(max_length=2000)], float, float]
ANSWER: TypeAdapter[Looked | Fault] = TypeAdapter(Looked | Fault)
READ: TypeAdapter[list[Read]] = TypeAdapter(list[Read])


class PhotoGuard:
    """Decodes one photo after the other; not for several threads at once."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._shared = SharedMemory(create=True, size=SHARED_BYTES)
        self.process: GuardedProcess[Look] = GuardedProcess(
            "decodes photos", partial(prepare, self._shared.name), limits
        )
        self._unread: Callable[[], object] | None = None

    def start(self) -> None:
        """Begins to start the process, so that the first photo does not wait for it."""
        self.process.start()

    def decoded(self, content: bytes, called: str, least: float) -> DecodedPhoto:
        """The photo in the file's `content`, decoded at least by `least` of its size; `called`: what it is in faults,
        nothing where it is the only one. Raises UserError for what is no usable photo, or was given up.
        """
        looked, picture = self._look(Look(content, least, with_codes=True), called)
        self._unread = codes = _Once(lambda: self._codes(called))
        size = (looked.width, looked.height)

        def again(share: float) -> Image.Image:
            return self._look(Look(content, share, with_codes=False), called)[1]

        return DecodedPhoto(called, size, picture, again, codes)

    def close(self) -> None:
        """Ends the process."""
        self.process.close()
        with suppress(FileNotFoundError):
            self._shared.unlink()

    def _look(self, look: Look, called: str) -> tuple[Looked, Image.Image]:
        unread, self._unread = self._unread, None
        if unread is not None:
            with suppress(UserError):  # whoever asks for it hears of it
                unread()
        answer = _checked(ANSWER, lambda: self.process.ask(look), called)
        if isinstance(answer, Fault):
            raise UserError(f"{called} {answer.what}".strip(), answer.remedy)
        width, height = answer.picture
        length = width * height * 3
        if length > SHARED_BYTES:
            raise UserError(f"{called} {DAMAGED}".strip(), ANOTHER)
        pixels = cast("bytes", _pixels(self._shared, length))  # copied by Pillow, which takes any buffer
        return answer, Image.frombytes("RGB", (width, height), pixels)

    def _codes(self, called: str) -> list[Code]:
        found = _checked(READ, self.process.further, called)
        return [Code(text, x, y) for text, x, y in found if is_readable(text)]


DAMAGED, ANOTHER = "is damaged: its decoder crashed on it.", "Take another picture, or save it again as JPEG."
REASONS = {
    "time": "was not decoded in time.",
    "computing": "takes too long to decode.",
    "memory": "takes too much memory to decode.",
    "crash": DAMAGED,
}


def _checked[Answer](kind: TypeAdapter[Answer], ask: Callable[[], bytes], called: str) -> Answer:
    """The answer that `ask` gives. Raises UserError where there is none, or one that is none."""
    try:
        return kind.validate_json(ask())
    except GivenUpError as error:
        what = REASONS[error.reason]
    except ValidationError:
        what = DAMAGED
    raise UserError(f"{called} {what}".strip(), ANOTHER)


def _pixels(shared: SharedMemory, length: int) -> memoryview:
    assert shared.buf is not None  # noqa: S101 - it is closed
    return shared.buf[:length]


class _Once:
    """What `take` gives, taken once; nothing where that failed."""

    def __init__(self, take: Callable[[], list[Code]]) -> None:
        self._take: Callable[[], list[Code]] | None = take
        self._codes: list[Code] = []

    def __call__(self) -> list[Code]:
        if self._take is not None:
            take, self._take = self._take, None
            self._codes = take()
        return self._codes


def prepare(shared: str) -> Callable[[Look], Iterator[bytes]]:
    """The work of the process, with its libraries loaded."""
    load_readers()
    Image.init()
    return partial(_answers, SharedMemory(shared, track=False))


def _answers(shared: SharedMemory, look: Look) -> Iterator[bytes]:
    file = os.memfd_create("photo")  # libraries open it by a path; on no disk
    try:
        with os.fdopen(os.dup(file), "wb") as writing:
            writing.write(look.content)
        looked, picture = _decoded(Path(f"/proc/self/fd/{file}"), look.least)
    except UserError as error:
        yield Fault(what=error.what[:500], remedy=error.remedy[:500]).model_dump_json().encode()
        return
    finally:
        os.close(file)
    _pixels(shared, picture.width * picture.height * 3)[:] = picture.tobytes()
    yield looked.model_dump_json().encode()
    if look.with_codes:
        codes: list[Read] = [(code.text, code.x, code.y) for code in codes_in(picture)]
        yield READ.dump_json(codes)


def _decoded(path: Path, least: float) -> tuple[Looked, Image.Image]:
    with open_photo(path) as photo:
        width, height = photo.width, photo.height
        if width * height > MOST_PIXELS:
            most = MOST_PIXELS // 1_000_000
            raise UserError(f"is {width}x{height} pixels; at most {most} megapixels are taken.", "Scale it down.")
        picture = photo.read(first_share(width, height, least))
    pixels = SHARED_BYTES // 3
    factor = 1
    while picture.width * picture.height > pixels * factor * factor:
        factor += 1
    picture = picture.reduce(factor) if factor > 1 else picture
    return Looked(width=width, height=height, picture=picture.size), picture
