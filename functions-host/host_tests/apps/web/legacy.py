"""A WSGI app, as frameworks before ASGI are."""

from collections.abc import Callable, Iterable
from typing import Any


def legacy_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("202 Accepted", [("Content-Type", "text/plain"), ("X-Legacy", environ["REQUEST_METHOD"])])
    return [f"{environ['PATH_INFO']}?{environ['QUERY_STRING']} ".encode(), body]
