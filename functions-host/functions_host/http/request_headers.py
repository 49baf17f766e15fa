"""The headers of a request as a function sees them: by the names, and in the order, that Kestrel has them in.

Recorded from it. What it knows comes first, in an order of its own and by its own names; what it does not know follows
as it was sent.
"""

from functools import lru_cache

from starlette.types import Scope

from functions_host.http_connection import header_names

_KNOWN = (
    "Accept Connection Host User-Agent Accept-Charset Accept-Encoding Accept-Language Access-Control-Request-Headers "
    "Access-Control-Request-Method Authorization baggage Cache-Control Content-Type Cookie Correlation-Context Date "
    "Expect From grpc-accept-encoding grpc-encoding grpc-timeout If-Match If-Modified-Since If-None-Match If-Range "
    "If-Unmodified-Since Keep-Alive Max-Forwards Origin Pragma Proxy-Authorization Range Referer Request-Id TE "
    "traceparent tracestate Transfer-Encoding Translate Upgrade Upgrade-Insecure-Requests Via Warning Content-Length"
)
_PLACES = {name.lower().encode(): (place, name) for place, name in enumerate(_KNOWN.split())}
_SPACE = b" \t"
_LONGEST_REMEMBERED = 2048  # so that a stranger fills no memory with names


def request_headers(scope: Scope) -> dict[str, str]:
    """Returns the headers by their names. The values of one that was sent more than once are joined by commas."""
    names = tuple(header_names(scope))
    is_long = sum(map(len, names)) > _LONGEST_REMEMBERED
    values = [_text(value) for _, value in scope["headers"]]
    places = _places.__wrapped__(names) if is_long else _places(names)
    return {name: ",".join([values[index] for index in indexes]) for name, indexes in places}


@lru_cache(maxsize=64)  # a client sends the same names each time
def _places(names: tuple[bytes, ...]) -> list[tuple[str, list[int]]]:
    """Returns the names as a function sees them, in their order, each with where its values are."""
    known: dict[tuple[int, str], list[int]] = {}
    unknown: dict[bytes, tuple[str, list[int]]] = {}
    for index, sent in enumerate(names):
        if place := _PLACES.get(sent.lower()):
            known.setdefault(place, []).append(index)
        else:
            unknown.setdefault(sent.lower(), (sent.decode("latin-1"), []))[1].append(index)
    return [*((name, known[place, name]) for place, name in sorted(known)), *unknown.values()]


def _text(raw: bytes) -> str:
    try:
        return raw.strip(_SPACE).decode()
    except UnicodeDecodeError:
        return raw.strip(_SPACE).decode("latin-1")
