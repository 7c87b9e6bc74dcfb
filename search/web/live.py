"""The project's search in use: one question at a time, a short queue, and the newest index without a restart."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from threading import Lock

from cad2real.errors import UserError
from cad2real.layout import Layout
from search.index import DESCRIPTION
from search.query import Answer, Search
from search.seeing.guarded_photos import PhotoGuard
from search.seeing.things import Shown
from search.web.project import LabelledPhotos
from search.web.question import Question
from search.web.upload import Upload

WAITING = 8  # questions that may wait for their turn
LOOK_AGAIN_S = 1.0  # how often the index is looked at for a newer one
ANSWER_WITHIN_S = 20.0
REMEMBERED = 200  # answers that may still be confirmed; some 200 kB each


class BusyError(Exception):
    """More wait for an answer than may."""


class NoSearchError(UserError):
    """There is nothing to ask yet."""


@dataclass(frozen=True)
class Asked:
    """An answered question: `id` names it for feedback, `kept` are small JPEGs of the photos, which are made after it;
    `width` and `height` of the first one, upright, in pixels; `milliseconds` that the answer took; whether a known
    length `is_measured` with.
    """

    id: str
    kept: list[Future[bytes]]
    width: int
    height: int
    answers: list[Answer]
    search: Search
    milliseconds: float
    is_measured: bool = False

    @property
    def photos(self) -> list[bytes]:
        """The small JPEGs, waited for."""
        return [photo.result() for photo in self.kept]


@dataclass
class LiveSearch:
    """The search of the project in `root`; `fault` says why there is none, or why a newer index was not taken."""

    root: Path
    fault: str = ""
    _search: Search | None = None
    _version: tuple[int, int] | None = None
    _looked: float = -1e9
    _waiting: int = 0
    _opening: Lock = field(default_factory=Lock)
    _remembered: OrderedDict[str, Asked] = field(default_factory=OrderedDict)
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "search"))
    _keeper: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "kept photos"))
    _keeping: list[Future[bytes]] = field(default_factory=list)
    _guard: PhotoGuard = field(default_factory=PhotoGuard)

    @property
    def layout(self) -> Layout:
        return Layout(self.root)

    @cached_property
    def labelled(self) -> LabelledPhotos:
        """The project's photos of each part, for its page."""
        return LabelledPhotos(self.layout.squares)

    def current(self) -> Search:
        """The search of the newest index that could be read. Raises NoSearchError where none could."""
        with self._opening:
            if time.monotonic() - self._looked >= LOOK_AGAIN_S:
                self._take_newest()
                self._looked = time.monotonic()
            if self._search is None:
                raise NoSearchError(self.fault)
            return self._search

    def _take_newest(self) -> None:
        try:
            version = self._version_on_disk()
            if version != self._version:
                opened = Search.open(self.root)
                if self._version_on_disk() == version:  # else its files are of two indexes: the next look takes it
                    self._search, self._version, self.fault = opened, version, ""
        except UserError as error:
            self.fault = str(error)
        except OSError:
            self.fault = "There is no index yet. Run `cad2real run`, or `cad2real index` where a model is trained."

    def _version_on_disk(self) -> tuple[int, int]:
        state = (self.layout.index / DESCRIPTION).stat()
        return state.st_mtime_ns, state.st_ino

    def warm_up(self) -> None:
        """Opens the search in the background, so that the first photo does not wait for it."""
        self._worker.submit(self._warm_up)

    def _warm_up(self) -> None:
        self._guard.start()  # in this thread, which lives as long as the search: with it the process would end
        with suppress(UserError):
            self.current()

    async def ask(self, photos: Sequence[bytes], asked: Question) -> Asked:
        """The answer to a photo, or to several of one part. Raises UserError for what cannot be asked about, BusyError
        when too many wait or the answer takes too long.
        """
        return await self._in_turn(lambda: self._answer(photos, asked))

    async def _in_turn(self, work: Callable[[], Asked]) -> Asked:
        if self._waiting >= WAITING:
            raise BusyError
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._worker, work)
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), ANSWER_WITHIN_S)
        except TimeoutError:
            raise BusyError from None

    def _done(self, future: asyncio.Future[Asked]) -> None:
        self._waiting -= 1
        if not future.cancelled():
            future.exception()  # of an answer that nobody waits for any more

    def _answer(self, photos: Sequence[bytes], asked: Question) -> Asked:
        start = time.perf_counter()
        search = self.current()
        uploads = [Upload(self._guard, content, place) for place, content in _placed(photos)]
        shown = [Shown(photo, box) for photo, box in zip_longest(uploads, asked.boxes[: len(uploads)])]
        shown[0] = replace(shown[0], reference=asked.reference)
        if len(shown) > 1:
            answers = [search.find_same(shown, asked.top, asked.wanted)]
        elif shown[0].box is None:
            answers = search.find_all(shown[0], asked.top, wanted=asked.wanted)
        else:
            answers = [search.answer(shown[0], asked.top, asked.wanted)]
        took = (time.perf_counter() - start) * 1000
        first = uploads[0].decoded()
        wait(self._keeping)  # so that never more than one question's pictures wait to be made small
        self._keeping = [self._keeper.submit(photo.kept()) for photo in uploads]
        is_measured = asked.reference is not None
        number, size = secrets.token_hex(8), (first.width, first.height)
        answered = Asked(number, self._keeping, *size, answers, search, took, is_measured)
        self._remembered[answered.id] = answered
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return answered

    def remembered(self, answer: str) -> Asked | None:
        """The answer of that id, None where it is forgotten or never was."""
        return self._remembered.get(answer)

    def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._keeper.shutdown(wait=False)
        self._guard.close()


def _placed(photos: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """Each photo with what it is called where it cannot be used: nothing where it is the only one."""
    return [(f"Photo {number}" if len(photos) > 1 else "", content) for number, content in enumerate(photos, 1)]
