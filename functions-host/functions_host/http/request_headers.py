"""The headers of a request as a function sees them: by the names, and in the order, that Kestrel has them in.

Recorded from it. What it knows comes first, in an order of its own and by its own names; what it does not know follows
as it was sent.
"""

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


def request_headers(scope: Scope) -> dict[str, str]:
    """Returns the headers by their names. The values of one that was sent more than once are joined by commas."""
    known: dict[tuple[int, str], str] = {}
    unknown: dict[bytes, tuple[str, str]] = {}
    for (lower, raw), sent in zip(scope["headers"], header_names(scope), strict=True):
        value = _text(raw.strip(_SPACE))
        if place := _PLACES.get(lower):
            known[place] = f"{known[place]},{value}" if place in known else value
        elif before := unknown.get(lower):
            unknown[lower] = before[0], f"{before[1]},{value}"
        else:
            unknown[lower] = sent.decode("latin-1"), value
    return {name: known[place, name] for place, name in sorted(known)} | dict(unknown.values())


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
