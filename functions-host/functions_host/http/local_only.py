"""Who may call the host: this machine, and nobody in its name.

The extension leaves this to others. A page in the person's browser must not be able to reach their tools, neither from
its own origin nor by a name that it has resolve to this machine.
https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#security-warning
"""

import ipaddress
import platform
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

_ALLOW = "To allow another name, start it with --allow-host NAME."


class LocalOnly:
    """Refuses requests that name another machine in Host, or come from another machine's page by Origin.

    `allowed` are further names for this one, `allows_origin` says whose pages may call all the same, and `on_refused`
    hears of each request that was refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        address: str,
        allowed: Iterable[str] = (),
        on_refused: Callable[[str], None] = lambda text: None,
        allows_origin: Callable[[str], bool] = lambda origin: False,
    ) -> None:
        self._app = app
        self._names = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", address, *map(str.lower, allowed)}  # noqa: S104
        self._on_refused = on_refused
        self._allows_origin = allows_origin
        self._open = address in ("0.0.0.0", "::")  # noqa: S104
        self._is_our_url = lru_cache(maxsize=64)(self._is_ours)  # clients say the same each time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if not hosts or not all(self._is_our_url(b"//" + host) for host in hosts):
            self._on_refused(f"Refused (421): the Host {_shown(hosts)} is not this machine. {_ALLOW}")
            return PlainTextResponse(f"This server answers only to the names of its own machine. {_ALLOW}", 421)
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if not all(self._is_our_url(each) or self._allows_origin(each.decode("latin-1")) for each in origins):
            self._on_refused(
                f"Refused (403): a page of {_shown(origins)} may not call this server. To allow it, list its origin in "
                "Host.CORS of local.settings.json."
            )
            return PlainTextResponse(f"Pages of other machines may not call this server. {_ALLOW}", 403)
        return None

    def _is_ours(self, url: bytes) -> bool:
        try:
            name = urlsplit(url.decode("latin-1")).hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        # Opened to the network by the person. A page could still have its own name resolve to this machine, but it
        # cannot pass for an address.
        return self._open and (_is_address(name) or name == platform.node().lower())


def _shown(values: list[bytes]) -> str:
    """Returns what a stranger sent, bounded and without what a terminal would obey."""
    text = ", ".join(value.decode("latin-1") for value in values)[:100]
    return repr(text)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
