"""Which pages of other origins may call, as `Host` of local.settings.json says it to func.

https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file
"""

import re
from typing import Any

import msgspec

from functions_host.app.members import dig
from functions_host.errors import PersonError

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+")


class Cors(msgspec.Struct, frozen=True):
    """`CORS` and `CORSCredentials`."""

    origins: tuple[str, ...] = ()
    """Origins in lower case, or `*` for all; none where nothing is said of CORS."""
    credentials: bool = False
    """Whether a page may send cookies and the like."""

    def allows(self, origin: str) -> bool:
        """Whether a page of `origin` may call."""
        return "*" in self.origins or origin.lower() in self.origins

    def notices(self) -> list[str]:
        """Returns what to say of entries that no browser sends."""
        return [
            f"Host.CORS has '{origin}', which is no origin: write such as https://example.com, without a slash at the "
            "end, and no spaces around the commas."
            for origin in self.origins
            if origin != "*" and not _ORIGIN.fullmatch(origin)
        ]


def read_cors(local_settings: dict[str, Any]) -> Cors:
    """Reads the `Host` of local.settings.json. Raises PersonError for what func does not start with."""
    origins, credentials = (dig(local_settings, "Host", name) for name in ("CORS", "CORSCredentials"))
    if origins is not None and not isinstance(origins, str):
        raise PersonError("Host.CORS in local.settings.json is not text.", 'Write it as "https://one,https://two".')
    if str(credentials or "false").lower() not in ("true", "false"):
        raise PersonError(
            "Host.CORSCredentials in local.settings.json is neither true nor false.", "Write true or false."
        )
    cors = Cors(tuple(origins.lower().split(",")) if origins else (), str(credentials).lower() == "true")
    if cors.credentials and "*" in cors.origins:
        raise PersonError(
            "Host.CORS in local.settings.json is * and CORSCredentials is true, which no browser accepts.",
            "List the origins in CORS.",
        )
    return cors
