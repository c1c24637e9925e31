"""A FastAPI application behind one HTTP function."""

from __future__ import annotations

from typing import Annotated

from fastapi import Cookie, FastAPI, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

web = FastAPI(root_path="")


@web.get("/api/web/page", response_class=HTMLResponse)
async def page(name: str = "nobody") -> str:
    return f"<p>Hällo {name}"


@web.head("/api/web/page")
async def page_head() -> Response:
    return Response(headers={"Content-Length": "17", "X-Head": "yes"}, media_type="text/html")


@web.get("/api/web/query")
async def query(
    request: Request, tag: Annotated[list[str] | None, Query()] = None, empty: str | None = None
) -> dict[str, object]:
    return {"tag": tag, "empty": empty, "raw": request.url.query}


@web.get("/api/web/path/{value}")
async def path(value: str, request: Request) -> dict[str, str]:
    return {"value": value, "path": request.url.path, "base": str(request.base_url)}


@web.get("/api/web/redirect")
async def redirect() -> RedirectResponse:
    response = RedirectResponse("/api/web/page?name=redirected", status_code=303)
    response.set_cookie(
        "state", "s1", max_age=600, httponly=True, secure=True, samesite="lax", path="/api/web"
    )
    response.set_cookie("other", "o1")
    return response


@web.get("/api/web/slash/")
async def slash() -> dict[str, str]:
    return {"slash": "yes"}


@web.post("/api/web/form")
async def form(name: Annotated[str, Form()], tag: Annotated[list[str], Form()]) -> dict[str, object]:
    return {"name": name, "tag": tag}


@web.post("/api/web/upload")
async def upload(file: Annotated[UploadFile, File()]) -> dict[str, object]:
    content = await file.read()
    return {"name": file.filename, "size": len(content), "sum": sum(content)}


@web.post("/api/web/json")
async def json_body(body: dict[str, object]) -> dict[str, object]:
    return body


@web.get("/api/web/cookie")
async def cookie(state: Annotated[str | None, Cookie()] = None) -> dict[str, object]:
    return {"state": state}


@web.get("/api/web/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse((f"line {number}\n" for number in range(3)), media_type="text/plain")


@web.delete("/api/web/thing", status_code=204)
async def delete_thing() -> None:
    return None


@web.get("/api/web/broken")
async def broken() -> None:
    raise RuntimeError("inside the web application")
