"""The server's application: pages and JSON interface behind the guard, and how faults are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.staticfiles import StaticFiles

from cad2real import __version__
from cad2real.errors import UserError
from cad2real.guarded_process import NotStartedError
from search.stores.store import StoreError
from search.web import api, pages, project_pages, shell
from search.web.guard import App, Guard
from search.web.live import BusyError, LiveSearch, NoSearchError
from search.web.metrics import Metrics
from search.web.upload import MOST_BYTES

FORM_BYTES = 100_000  # of a request beside its photo
BUSY = {"Retry-After": "2"}


def create_app(root: Path, token: str | None = None, certificate: bytes | None = None) -> App:
    """What uvicorn serves for the project in `root`; `token`: what clients have to know; `certificate` (PEM): of the
    authority behind its encryption, for phones to install.
    """
    live, figures = LiveSearch(root), Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        live.warm_up()
        yield
        live.close()

    app = FastAPI(
        title="cad2real",
        version=__version__,
        summary="Which part does this photo show?",
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.live, app.state.metrics, app.state.token, app.state.certificate = live, figures, token, certificate
    app.include_router(api.router)
    app.include_router(pages.router)
    app.include_router(project_pages.router)
    app.include_router(shell.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")))
    _watch(app, live, figures)
    _tell_faults(app)
    return Guard(app, token, MOST_BYTES + FORM_BYTES, figures)


def _watch(app: FastAPI, live: LiveSearch, figures: Metrics) -> None:
    @app.get("/health", include_in_schema=False)
    def health() -> PlainTextResponse:
        """That the server runs."""
        return PlainTextResponse("ok\n")

    @app.get("/ready", include_in_schema=False)
    def ready() -> PlainTextResponse:
        """Whether photos can be asked about."""
        live.current()
        return PlainTextResponse("ready\n")

    @app.get("/metrics", include_in_schema=False)
    def measured() -> Response:
        """Figures for Prometheus."""
        return Response(figures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _tell_faults(app: FastAPI) -> None:
    """Faults as JSON for programs and as pages for people, in a sentence each."""

    @app.exception_handler(NoSearchError)
    async def no_search(request: Request, error: NoSearchError) -> Response:
        return _said(request, 503, str(error), "no_search.html.j2", {"Retry-After": "10"})

    @app.exception_handler(StoreError)
    async def no_store(request: Request, error: StoreError) -> Response:
        return _said(request, 503, str(error), headers=BUSY)

    @app.exception_handler(NotStartedError)
    async def no_process(request: Request, error: NotStartedError) -> Response:
        return _said(request, 503, str(error), headers=BUSY)

    @app.exception_handler(UserError)
    async def mistake(request: Request, error: UserError) -> Response:
        return _said(request, 400, str(error))

    @app.exception_handler(BusyError)
    async def busy(request: Request, error: BusyError) -> Response:
        return _said(request, 503, "Too many wait for an answer. Try again in a moment.", headers=BUSY)

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return _said(request, error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"][1:]) or "the request"
        return _said(request, 422, f"{where}: {first['msg']}.")


def _said(
    request: Request,
    status: int,
    text: str,
    template: str = "fault.html.j2",
    headers: dict[str, str] | None = None,
) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": text}, status, headers)
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(f"{text}\n", status, headers)
    response = pages.page(request, template, status, text=text)
    response.headers.update(headers or {})
    return response
