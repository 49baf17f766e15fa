"""Requests and answers over HTTP: from plain values to what the worker library reads, and back."""

from datetime import UTC, datetime
from typing import Any

from . import protos

# Of a cookie: the field of the message, and the name of the attribute.
_ATTRIBUTES = {
    "domain": "domain",
    "path": "path",
    "secure": "secure",
    "http_only": "httponly",
    "max_age": "max-age",
}


def http_request(request: tuple[str, str, dict[str, str], dict[str, str], dict[str, str], bytes]) -> protos.RpcHttp:
    """Returns the message for a request. An empty body is left out, as the host does."""
    method, url, headers, query, params, body = request
    content = protos.TypedData(bytes=body) if body else protos.TypedData()
    return protos.RpcHttp(method=method, url=url, headers=headers, query=query, params=params, body=content)


def http_answer(answer: protos.RpcHttp) -> tuple[str, dict[str, str], list[dict[str, Any]], Any]:
    """Returns status, headers, cookies and body of an answer."""
    body = answer.body.value if answer.body else None
    return answer.status_code, dict(answer.headers), [_cookie(each) for each in answer.cookies or []], body


def _cookie(cookie: protos.RpcHttpCookie) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": cookie.name, "value": cookie.value}
    for field, name in _ATTRIBUTES.items():
        nullable = getattr(cookie, field, None)
        if nullable is not None:
            plain[name] = nullable.value
    if "max-age" in plain:
        plain["max-age"] = int(plain["max-age"])
    expires: protos.NullableTimestamp | None = getattr(cookie, "expires", None)
    if expires is not None:
        # The library takes the time for one of this machine's zone, which in Azure is UTC.
        local = datetime.fromtimestamp(expires.value.seconds)
        plain["expires"] = local.replace(tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    plain["samesite"] = getattr(cookie, "same_site", None)
    return plain
