"""What makes the page an app on a phone: its manifest, the service worker that keeps its shell, the certificate."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from search.web.pages import page

STATIC = Path(__file__).with_name("static")
ACCENT = "#0b63bd"  # of page.css
MANIFEST = {
    "name": "cad2real: which part is this?",
    "short_name": "cad2real",
    "start_url": "/",
    "scope": "/",
    "display": "standalone",
    "background_color": "#f5f6f8",
    "theme_color": ACCENT,
    "icons": [{"src": "/static/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
}

router = APIRouter(include_in_schema=False)


@router.get("/manifest.webmanifest")
def manifest() -> JSONResponse:
    """What a browser installs."""
    return JSONResponse(MANIFEST, media_type="application/manifest+json")


@router.get("/service-worker.js")
def service_worker() -> FileResponse:
    """Keeps the shell of the page; from the root, so that it may do so for all pages."""
    return FileResponse(
        STATIC / "service-worker.js", media_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


@router.get("/offline")
def offline(request: Request) -> HTMLResponse:
    """What is shown while the server is out of reach."""
    return page(request, "offline.html.j2")


@router.get("/certificate")
def certificate(request: Request) -> Response:
    """The authority's certificate, without its key."""
    own: bytes | None = request.app.state.certificate
    if own is None:
        raise HTTPException(404, "This server is not encrypted by a certificate of its own.")
    return Response(own, media_type="application/x-x509-ca-cert")
