"""The connection to a session pool's MCP server: JSON-RPC over HTTP/1.1, its key, and Azure Resource Manager for both
where app settings do not name them.

https://learn.microsoft.com/azure/container-apps/mcp-authentication. Nothing is connected, and no SDK is imported,
before the first request. The key is never logged.
"""

import asyncio
import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from executions import ExecutionError
from pool_answers import Json, failure_of_response, read_message, result_of
from pool_failures import PoolError

if TYPE_CHECKING:  # a second of imports, which no cold start should pay before it is needed
    from aiohttp import ClientResponse, ClientSession

_CONNECT_SECONDS = 10
_LARGEST_ANSWER = 16 * 1024 * 1024
# The two published versions that know MCP (no stable one up to 2026-07-01 does), and the one that the tutorial uses,
# whose types do not have it.
_API_VERSIONS = ("2025-10-02-preview", "2026-03-02-preview", "2025-02-02-preview")
# What Azure says of a pool that was made where the preview is not on.
_NOT_ENABLED = "SessionMCPServerNotEnabled"
_ARM = "https://management.azure.com"


class Token(Protocol):
    """What a credential of azure-identity returns."""

    @property
    def token(self) -> str: ...


class Credential(Protocol):
    """A credential of azure-identity."""

    async def get_token(self, *scopes: str) -> Token: ...


class PoolSettings(msgspec.Struct, frozen=True):
    """Where the pool is and how to get in; what is None is asked of Azure Resource Manager."""

    endpoint: str | None = None
    api_key: str | None = None
    resource_id: str | None = None
    """/subscriptions/.../providers/Microsoft.App/sessionPools/NAME"""
    resource_manager: str = _ARM

    @classmethod
    def from_environment(cls) -> "PoolSettings":
        """Reads the app settings. Raises ExecutionError if they name no pool."""
        settings = cls(
            os.environ.get("SESSION_POOL_MCP_ENDPOINT") or None,
            os.environ.get("SESSION_POOL_MCP_API_KEY") or None,
            os.environ.get("SESSION_POOL_RESOURCE_ID") or None,
        )
        if settings.resource_id is None and (settings.endpoint is None or settings.api_key is None):
            raise ExecutionError(
                "No session pool is configured, so no code can be run. Whoever runs this server has to set "
                "SESSION_POOL_RESOURCE_ID, or SESSION_POOL_MCP_ENDPOINT and SESSION_POOL_MCP_API_KEY."
            )
        return settings


class PoolConnection:
    """Sends requests to one pool, over one pool of connections. Every method raises PoolError.

    `answer_seconds` is the longest that an answer may take.
    """

    def __init__(self, settings: PoolSettings, credential: Callable[[], Credential], answer_seconds: float) -> None:
        self._settings = settings
        self._make_credential = credential
        self._credential: Credential | None = None
        self._answer_seconds = answer_seconds
        self._http: ClientSession | None = None
        self._endpoint = settings.endpoint
        self._key = settings.api_key
        self._key_lock = asyncio.Lock()

    async def request(self, method: str, params: Json) -> Json:
        """Returns the result of a request, sent with a fresh key if the pool refuses ours: it may be rotated."""
        key = self._key or await self._fetch_key(None)
        try:
            return await self._post_with(key, method, params)
        except PoolError as failure:
            if failure.kind != "refused" or self._settings.api_key is not None:
                raise
        return await self._post_with(await self._fetch_key(key), method, params)

    async def _post_with(self, key: str, method: str, params: Json) -> Json:
        endpoint = self._endpoint or await self._fetch_endpoint()
        message = {"jsonrpc": "2.0", "id": unguessable(), "method": method, "params": params}
        headers = {"x-ms-apikey": key, "Accept": "application/json, text/event-stream"}
        status, body, content_type = await self._exchange("POST", endpoint, message, headers)
        failure = failure_of_response(status, body)
        if failure:
            raise failure
        return result_of(read_message(body, content_type))

    async def _fetch_key(self, refused: str | None) -> str:
        """Returns the key of the pool, and asks Azure for it only once when many calls find theirs refused."""
        async with self._key_lock:
            if self._key is None or self._key == refused:
                answer = await self._resource_manager("POST", "/fetchMCPServerCredentials")
                key = _find(answer, "apiKey")
                if not isinstance(key, str):
                    raise PoolError("not enabled", "Azure returned no key for it")
                self._key = key
            return self._key

    async def _fetch_endpoint(self) -> str:
        answer = await self._resource_manager("GET", "")
        endpoint = _find(_find(_find(answer, "properties"), "mcpServerSettings"), "mcpServerEndpoint")
        if not isinstance(endpoint, str):
            raise PoolError("not enabled", "Azure knows no endpoint of it")
        self._endpoint = endpoint
        return endpoint

    async def _resource_manager(self, verb: str, action: str) -> Json:
        if self._settings.resource_id is None:
            raise PoolError("missing", "SESSION_POOL_RESOURCE_ID is not set")
        headers = {"Authorization": f"Bearer {await self._token()}"}
        url = f"{self._settings.resource_manager}{self._settings.resource_id}{action}"
        status, body = 0, ""
        for version in _API_VERSIONS:
            status, body, _ = await self._exchange(verb, f"{url}?api-version={version}", None, headers)
            if status not in (400, 404) or _NOT_ENABLED in body:
                break
        failure = failure_of_response(status, body)
        if failure and _NOT_ENABLED in body:
            raise PoolError("not enabled", failure.detail)
        if failure:
            raise PoolError("refused" if status in (401, 403) else "missing", failure.detail)
        try:
            answer = json.loads(body)
        except ValueError:
            raise PoolError("garbled", "Azure Resource Manager's answer is not JSON") from None
        return answer if isinstance(answer, dict) else {}

    async def _token(self) -> str:
        if self._credential is None:
            self._credential = self._make_credential()
        from azure.core.exceptions import ClientAuthenticationError

        try:
            return (await self._credential.get_token(f"{_ARM}/.default")).token
        except ClientAuthenticationError as error:
            raise PoolError("refused", f"no identity to ask Azure with: {str(error).splitlines()[0]}") from error

    async def _exchange(
        self, verb: str, url: str, message: Json | None, headers: dict[str, str]
    ) -> tuple[int, str, str]:
        """Sends one HTTP request and returns status, body and content type. Raises PoolError if none comes."""
        import aiohttp

        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=self._answer_seconds, sock_connect=_CONNECT_SECONDS)
            self._http = aiohttp.ClientSession(timeout=timeout)
        # A body of known length: the live endpoint was seen to fail on chunked ones, and on HTTP/2.
        body = None if message is None else json.dumps(message).encode()
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            # A redirect would take the key along, to whoever the answer names.
            async with self._http.request(verb, url, data=body, headers=headers, allow_redirects=False) as response:
                text = (await _bounded(response)).decode(errors="replace")
                return response.status, text, response.headers.get("Content-Type", "")
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise PoolError("no address", _reason(error)) from error
        except aiohttp.ClientSSLError as error:
            raise PoolError("not trusted", _reason(error)) from error
        except aiohttp.ClientConnectorError as error:
            raise PoolError("unreachable", f"nothing answers at {error.host}:{error.port}") from error
        except aiohttp.ConnectionTimeoutError as error:
            raise PoolError("unreachable", _reason(error)) from error
        except TimeoutError as error:
            raise PoolError("no answer", f"{self._answer_seconds:g}") from error
        except aiohttp.ClientError as error:
            raise PoolError("cut off", _reason(error)) from error

    async def close(self) -> None:
        """Closes every connection."""
        if self._http:
            await self._http.close()


async def _bounded(response: "ClientResponse") -> bytes:
    """Returns the body of a response. Raises PoolError if it does not end in time."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(256 * 1024):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            response.close()
            raise PoolError("too long", f"{_LARGEST_ANSWER // 2**20}")
    return bytes(body)


def unguessable() -> str:
    """Returns a name that nobody can guess, such as that of a new environment."""
    return os.urandom(16).hex()


def _find(value: Any, name: str) -> Any:
    """Returns a member, its name in any case: Azure itself writes isMCPServerEnabled and isMcpServerEnabled."""
    members: Json = value if isinstance(value, dict) else {}
    return next((member for key, member in members.items() if key.lower() == name.lower()), None)


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
