"""The host's keys: made when they are first needed, kept in a file, asked for where Azure asks for them.

https://learn.microsoft.com/azure/azure-functions/function-keys-how-to. Azure keeps them with the app's storage, in the
blob azure-webjobs-secrets/<host>/host.json; here they are a file beside the blobs, which only its owner may read.
Which key opens what is decided in azure-functions-host, Security/Authorization and WebJobsExtensionsController.cs.
"""

import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

import msgspec
from starlette.requests import Request

from functions_host.errors import PersonError

_FILE = "host_keys.json"


class HostKeys(msgspec.Struct, frozen=True):
    """The keys that a new function app has. Azure names them `_master`, `default` and `mcp_extension`."""

    master: str
    """Opens everything."""
    default: str
    """The host key for functions over HTTP; it opens neither the MCP endpoint nor /admin."""
    mcp_extension: str
    """The system key of the MCP extension, for its clients."""


class KeyGuard:
    """Says who may do what. Where keys are not required everybody may do everything, as under `func start`."""

    def __init__(self, folder: Path, *, required: bool) -> None:
        self._folder = folder
        self.required = required

    def prepare(self) -> None:
        """Makes or reads the keys if they are required. Raises PersonError, at start rather than at the first call."""
        if self.required:
            assert self.keys

    @cached_property
    def keys(self) -> HostKeys:
        """The keys of this machine. Raises PersonError if their file cannot be read or written."""
        return host_keys(self._folder)

    def refuse_webhook(self, request: Request) -> int | None:
        """Returns the status to refuse a request to the MCP endpoint with, None to let it pass."""
        return self._refusal(request, self.keys.mcp_extension, self.keys.master) if self.required else None

    def refuse_admin(self, request: Request) -> int | None:
        """The same for what is below /admin."""
        return self._refusal(request, self.keys.master) if self.required else None

    def refuses_function(self, request: Request, level: str) -> bool:
        """Whether a request to a function over HTTP is to be refused; `level` is the authLevel of its trigger."""
        if level == "anonymous" or not self.required:
            return False
        accepted = (self.keys.master,) if level == "admin" else (self.keys.default, self.keys.master)
        return self._refusal(request, *accepted) is not None

    def _refusal(self, request: Request, *accepted: str) -> int | None:
        # The header wins over the query: a wrong one there is not made good by a right one in the address.
        given = request.headers.get("x-functions-key", request.query_params.get("code", ""))
        if _is_one_of(given, accepted):
            return None
        # A key that the host knows, though for something else, is somebody: forbidden, not unauthorized.
        known = (self.keys.master, self.keys.default, self.keys.mcp_extension)
        return 403 if _is_one_of(given, known) else 401


def host_keys(folder: Path) -> HostKeys:
    """Returns the keys kept in `folder`, after making them if there are none. Raises PersonError."""
    file = folder / _FILE
    try:
        if not file.exists():
            _create(file)
        file.chmod(0o600)  # on Windows the folder decides, and a person's own is closed to others
        return msgspec.json.decode(file.read_bytes(), type=HostKeys)
    except OSError as error:
        raise PersonError(
            f"The keys cannot be kept in {file}: {error.strerror}.", "Name another folder with --data."
        ) from None
    except msgspec.MsgspecError:
        raise PersonError(f"{file} does not hold keys.", "Delete it: new keys are made then.") from None


def _create(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    keys = HostKeys(*(_new_key() for _ in range(3)))
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(keys)))


def _is_one_of(given: str, keys: tuple[str, ...]) -> bool:
    # Every comparison is made, each in the same time: how long it takes tells nothing.
    equal = [hmac.compare_digest(given.encode(), key.encode()) for key in keys]
    return any(equal)


def _new_key() -> str:
    """Returns a key that no command line takes for an option, as one that begins with a hyphen."""
    while (key := secrets.token_urlsafe(40)).startswith("-"):
        pass
    return key
