"""No name reaches a blob outside the container of snippets.

A URI loses its `.` and `..` segments on the way to Blob Storage, with the storage SDK of .NET as with Python's, so that
the blob `../other/secret.json` of the container `snippets` is `secret.json` of the container `other`.
"""

import logging
import posixpath
import random
from collections.abc import Iterable
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

import anyio
import httpx2
import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import BlobServiceClient
from azure.storage.blob.aio import ContainerClient

from snippet_container import SnippetContainer
from snippets import SnippetError
from tests.servers import Target

pytestmark = pytest.mark.anyio

_OF_MORE_TOOLS = ("deletesnippet", "listsnippets")  # which an app with snippets may do without
_SECRET = "what only the app may read"
# What blob bindings have been asked in Azure's own host; with some of these they leave their container.
_KNOWN = (
    *(
        "",
        "\x00",
        "\n",
        "$root",
        "$web",
        "%NAME%",
        "-ab",
        ".x",
        "../x",
        "/x",
        "x/",
        "x.",
        "ab-",
        "a//b",
        "a/b",
        "a:b",
        "a?b",
    ),
    *(
        "a*b",
        "a#b",
        "a%20b",
        "a b",
        "a\\b",
        "<>&'\"",
        "CON",
        "{b}",
        "é",
        "\u2028",
        "🐍",
        "x" * 1019,
        "x" * 1025,
        "snippet.json",
    ),
    "../other/secret",
    "x/../../other/secret",
    "./../other/secret",
    "/../other/secret",
    "//../../other/secret",
    "/other/secret",
    "..\\other\\secret",
    "%2e%2e/other/secret",
    "..%2fother%2fsecret",
    "%2e%2e%2fother%2fsecret",
    "..",
    ".",
    "/",
    "//",
    "a/..",
    "../snippets/../other/secret",
    "../other/secret.json?",
    "../other/secret.json#",
    "../" * 300 + "other/secret",
    "../other/" + "n" * 1010,
)
_PARTS = (
    *(
        "..",
        ".",
        "/",
        "//",
        "\\",
        "%2e",
        "%2E%2e",
        "%2f",
        "%5c",
        "%00",
        "?",
        "#",
        "&",
        " ",
        ";",
        "@",
        ":",
        "{name}",
        "%NAME%",
    ),
    *("other", "secret", "snippets", ".json", "a", "\u2024", "\uff0e", "\uff0f", "\u2215", "é", "e\u0301"),
)


def _generated(count: int) -> list[str]:
    chosen = random.Random(17)
    beginnings = ["".join(chosen.choices(_PARTS, k=chosen.randint(0, 10))) for _ in range(count)]
    return [beginning + chosen.choice(("", "../" * chosen.randint(1, 4) + "other/secret")) for beginning in beginnings]


_NAMES = (*_KNOWN, *_generated(1000))


async def test_every_request_to_the_storage_is_for_a_blob_right_below_the_container(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)  # a traceback for each name takes longer than all the rest
    wire = _Wire()
    client = ContainerClient("http://account.example/account", "snippets", transport=wire, retry_total=0)
    container = SnippetContainer(client)
    sent = 0
    for name in _NAMES:
        with pytest.raises(SnippetError):
            await container.page(name, 10, name)
        assert all(urlsplit(url).path == "/account/snippets" for url in wire.urls)
        wire.urls.clear()
        for action in (container.read(name), container.write(name, "text"), container.delete(name)):
            with pytest.raises(SnippetError):
                await action
            for url in wire.urls:
                sent += 1
                path = urlsplit(url).path
                assert path.startswith("/account/snippets/")
                assert unquote(path) == f"/account/snippets/{name}.json"
                assert path.count("/") == 3
            wire.urls.clear()
    assert sent > 200  # so that not all names are refused


async def test_a_name_that_leaves_the_container_in_azure_reads_and_writes_nothing(
    target: Target, storage: str, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--target"):
        pytest.skip("only the storage of a server of our own can be looked into")
    leaving = [name for name in _NAMES if not posixpath.normpath(f"snippets/{name}.json").startswith("snippets/")]
    assert len(leaving) > 50
    with BlobServiceClient.from_connection_string(storage) as service:
        service.create_container("other").upload_blob("secret.json", _SECRET)
        before = _outside(service)
        async with httpx2.AsyncClient(timeout=60) as http, anyio.create_task_group() as group:
            limit = anyio.CapacityLimiter(8)
            for name in (*_KNOWN, *leaving[:50]):
                group.start_soon(_ask, limit, http, target, name)
        assert _outside(service) == before


async def _ask(limit: anyio.CapacityLimiter, http: httpx2.AsyncClient, target: Target, name: str) -> None:
    """Does all that can be done to a snippet. Without a client of MCP, which would take most of the time."""
    snippet = {"snippetname": name, "snippet": "overwritten"}
    calls = [{"name": tool, "arguments": snippet} for tool in ("getsnippet", "savesnippet", "deletesnippet")]
    listing = {"name": "listsnippets", "arguments": {"prefix": name, "limit": 1}}
    written = (f"//{name}", f"///{name}", f"///{quote(name)}", f"///{quote(name, safe='')}")
    reads = [{"uri": f"snippet:{each}"} for each in written]
    async with limit:
        for method, params in (
            *(("tools/call", each) for each in (*calls, listing)),
            *(("resources/read", each) for each in reads),
        ):
            message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            headers = {"Accept": "application/json, text/event-stream"}
            answer = (await http.post(target.url, json=message, headers=headers)).text
            removed = params.get("name") in _OF_MORE_TOOLS and "Unknown tool" in answer
            assert ('"result"' in answer) or method == "resources/read" or removed
            assert _SECRET not in answer
            assert '"isError":true' in answer or '"error"' in answer or "/" not in name


def _outside(service: BlobServiceClient) -> set[tuple[str, str, str]]:
    """Returns every blob that is not directly in the container of snippets, with its version."""
    containers: Iterable[Any] = service.list_containers()
    return {
        (container.name, blob.name, blob.etag)
        for container in containers
        for blob in service.get_container_client(container.name).list_blobs()
        if container.name != "snippets" or "/" in blob.name
    }


class _Wire:
    """A transport of the SDK that writes down where each request would go, and sends none."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    async def send(self, request: Any, **_: object) -> None:
        self.urls.append(request.url)
        raise ServiceRequestError("nothing is sent")

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...
    async def sleep(self, _: float) -> None: ...
