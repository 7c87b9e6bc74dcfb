"""A Qdrant server for tests: those addresses of its REST interface that a store uses, over HTTP, before the client's
own engine in memory. Requests are read by the models that qdrant-client generates from the server's description, which
forbid what it does not name: what the server would refuse is refused here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import uvicorn
from fastapi import Body, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter
from qdrant_client import QdrantClient
from qdrant_client.http import models

from search.web.serve import _listening

MOST_BYTES = 32 * 2**20  # of a request, as the server's own default has it
COLLECTION = "/collections/{name}"
Sent = Annotated[Any, Body()]


@dataclass
class FakeServer:
    """`url` to ask; `key` that it wants, where it wants one; `failures`: so many requests are still answered 503;
    `asked`: (method, path, bytes of the body) of all requests.
    """

    key: str | None = None
    failures: int = 0
    url: str = ""
    asked: list[tuple[str, str, int]] = field(default_factory=list)


def _parsed(kind: Any, body: Any) -> Any:
    return TypeAdapter(kind).validate_python(body)


def _said(result: Any) -> dict[str, Any]:
    """`result` as the server wraps it."""
    if isinstance(result, list | tuple):
        result = [one.model_dump(mode="json") for one in result]
    elif hasattr(result, "model_dump"):
        result = result.model_dump(mode="json")
    return {"result": result, "status": "ok", "time": 0.0}


def _routes(app: FastAPI, engine: QdrantClient) -> None:
    @app.get(COLLECTION + "/exists")
    def exists(name: str) -> Any:
        return _said({"exists": engine.collection_exists(name)})

    @app.put(COLLECTION)
    def create(name: str, body: Sent) -> Any:
        if engine.collection_exists(name):
            return JSONResponse({"status": {"error": f"Collection `{name}` already exists!"}, "time": 0.0}, 409)
        asked = _parsed(models.CreateCollection, body)
        return _said(engine.create_collection(name, vectors_config=asked.vectors))

    @app.delete(COLLECTION)
    def delete(name: str) -> Any:
        return _said(engine.delete_collection(name))

    @app.put(COLLECTION + "/index")
    def index(name: str, body: Sent) -> Any:
        asked = _parsed(models.CreateFieldIndex, body)
        return _said(engine.create_payload_index(name, asked.field_name, asked.field_schema))

    @app.put(COLLECTION + "/points")
    def upsert(name: str, body: Sent) -> Any:
        return _said(engine.upsert(name, _parsed(models.PointInsertOperations, body).points))

    @app.post(COLLECTION + "/points/delete")
    def remove(name: str, body: Sent) -> Any:
        return _said(engine.delete(name, _parsed(models.PointsSelector, body)))

    @app.post(COLLECTION + "/points/count")
    def count(name: str, body: Sent) -> Any:
        asked = _parsed(models.CountRequest, body)
        return _said(engine.count(name, count_filter=asked.filter, exact=asked.exact or False))

    @app.post(COLLECTION + "/points/query")
    def query(name: str, body: Sent) -> Any:
        asked = _parsed(models.QueryRequest, body)
        limit, payload = asked.limit or 10, asked.with_payload or False
        found = engine.query_points(name, asked.query, limit=limit, query_filter=asked.filter, with_payload=payload)
        return _said({"points": [point.model_dump(mode="json") for point in found.points]})


@contextmanager
def fake_server(server: FakeServer) -> Iterator[FakeServer]:
    """Serves `server`, which then has its address, on this machine."""
    app, one_at_a_time = FastAPI(), threading.Lock()

    @app.middleware("http")
    async def watched(request: Request, call_next: Any) -> Response:
        content = await request.body()
        server.asked.append((request.method, request.url.path, len(content)))
        if server.key is not None and request.headers.get("api-key") != server.key:
            return Response("Must provide an API key or an Authorization bearer token", 401)
        if server.failures:
            server.failures -= 1
            return Response("not ready", 503)
        if len(content) > MOST_BYTES:
            return Response("Payload too large", 413)
        with one_at_a_time:
            return await call_next(request)

    _routes(app, QdrantClient(":memory:", force_disable_check_same_thread=True))
    listening = _listening("127.0.0.1", 0)
    served = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=served.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not served.started:
        time.sleep(0.02)
    server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield server
    served.should_exit = True
    thread.join(10)
