"""The app setting SESSION_POOL_MCP_ENDPOINT: which session pool it means, one to start here or one elsewhere."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from functions_host.errors import PersonError
from functions_host.pool.resource import POOL_PATH

SETTING = "SESSION_POOL_MCP_ENDPOINT"
_DEFAULT_PORT = 7072
_HERE = ("127.0.0.1", "localhost")
_PATH = f"{POOL_PATH}/mcp"
DEFAULT_ENDPOINT = f"http://127.0.0.1:{_DEFAULT_PORT}{_PATH}"


@dataclass(frozen=True)
class PoolSetting:
    """The pool that an app's settings mean."""

    endpoint: str
    port: int | None
    """Where to start it; None for a pool elsewhere, which is not ours to start."""

    @property
    def is_default(self) -> bool:
        """Whether it is the address that templates come with, so that another port on this machine is as good."""
        return self.port == _DEFAULT_PORT


def read_pool_setting(endpoint: str | None) -> PoolSetting | None:
    """Returns what the setting means, None where there is none. Raises PersonError for what is no address of a pool."""
    if not endpoint:
        return None
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host:
        raise PersonError(
            f"{SETTING} is not the address of a session pool: '{endpoint}'.",
            f"Give all of it, as {DEFAULT_ENDPOINT} for the one that is started here.",
        )
    if host not in _HERE:
        return PoolSetting(endpoint, None)
    if (parts.scheme, parts.path.rstrip("/").lower()) != ("http", _PATH.lower()):
        raise PersonError(
            f"{SETTING} names this machine, and an address that the session pool here does not have: '{endpoint}'.",
            f"Make it http://127.0.0.1:{port or _DEFAULT_PORT}{_PATH}, or use --no-session-pool "
            "if another pool answers there.",
        )
    return PoolSetting(endpoint, port or 80)


def is_default_pool(endpoint: str | None) -> bool:
    """Whether the setting is the address that templates come with, which nobody has chosen."""
    try:
        setting = read_pool_setting(endpoint)
    except PersonError:
        return False
    return setting is not None and setting.is_default
