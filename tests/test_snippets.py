"""getsnippet and savesnippet, as an agent uses them: the official `mcp` client, both transports, real storage."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from azure.storage.blob.aio import ContainerClient
from mcp import ClientSession

from snippet_container import SnippetContainer
from snippets import SnippetError
from tests.clients import Connect, get, save, text_of
from tests.in_process import Call
from tests.servers import Target

pytestmark = pytest.mark.anyio


_NAME = {
    "type": "string",
    "description": "The name of the snippet, such as 'snippet1' or 'parse dates'. Case-sensitive; at most 1019 "
    "characters; no slashes, backslashes, '..', trailing dot or control characters.",
}
_TOOLS = [
    {
        "name": "getsnippet",
        "description": "Retrieve a snippet by name. Returns exactly the text that savesnippet stored under that name.",
        "inputSchema": {"type": "object", "properties": {"snippetname": _NAME}, "required": ["snippetname"]},
        "_meta": {"anthropic/maxResultSizeChars": 500_000},
    },
    {
        "name": "savesnippet",
        "description": "Save a snippet of code or text under a name, for getsnippet to retrieve later. A snippet that "
        "already has that name is replaced.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "snippetname": _NAME,
                "snippet": {
                    "type": "string",
                    "description": "The text to save, whole and unchanged. It must not be empty.",
                },
            },
            "required": ["snippetname", "snippet"],
        },
    },
]


async def test_tools_list_tells_an_agent_what_it_needs(target: Target, connect: Connect) -> None:
    async with connect(target) as session:
        tools = (await session.list_tools()).tools
    listed = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
    assert [tool for tool in listed if tool["name"] in ("getsnippet", "savesnippet")] == _TOOLS


async def test_a_saved_snippet_comes_back(target: Target, connect: Connect, name: str) -> None:
    async with connect(target) as session:
        assert await save(session, name, "print('hi')\n") == f"Snippet '{name}' saved successfully"
        assert await get(session, name) == "print('hi')\n"


async def test_saving_again_replaces_the_snippet(target: Target, connect: Connect, name: str) -> None:
    async with connect(target) as session:
        await save(session, name, "a first version, which is the longer one")
        await save(session, name, "second")
        assert await get(session, name) == "second"


async def test_a_snippet_saved_by_one_client_is_read_by_another(target: Target, connect: Connect, name: str) -> None:
    async with connect(target) as writer, connect(target) as reader:
        await save(writer, name, "shared")
        assert await get(reader, name) == "shared"


async def test_characters_of_every_unicode_plane_come_back_byte_for_byte(
    target: Target, connect: Connect, name: str
) -> None:
    planes = "".join(chr(plane * 0x10000 + offset) for plane in range(17) for offset in (0x41, 0x85, 0xFFFD))
    awkward = "\ufeff\u2028\u2029\x85\x00\x1b\x7f\r\n\t\\\"'<>&+`\u0301"
    async with connect(target) as session:
        await save(session, name, awkward + planes)
        assert (await get(session, name)).encode() == (awkward + planes).encode()


# The official client takes events of at most 1 MiB unless told otherwise; the 20 MB are in test_large_snippets.py.
async def test_a_snippet_of_900_kb_comes_back_byte_for_byte(target: Target, connect: Connect, name: str) -> None:
    snippet = "0123456789abcde\n" * 57_600
    async with connect(target) as session:
        await save(session, name, snippet)
        assert await get(session, name) == snippet


async def test_100_snippets_saved_and_read_at_once_are_not_mixed_up(
    target: Target, connect: Connect, name: str
) -> None:
    snippets = {f"{name}-{number}": f"snippet {number} " * number for number in range(1, 101)}
    found: dict[str, str] = {}
    async with connect(target) as session:

        async def save_and_get(each: str) -> None:
            await save(session, each, snippets[each])
            found[each] = await get(session, each)

        async with anyio.create_task_group() as group:
            for each in snippets:
                group.start_soon(save_and_get, each)
    assert found == snippets


@pytest.mark.parametrize("tool", ["getsnippet", "savesnippet"])
@pytest.mark.parametrize(
    ("bad_name", "reason"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("a/b", "slash"),
        ("../etc/passwd", "slash"),
        ("a\\b", "backslash"),
        ("n" * 1025, "at most 1,019 are possible"),
        ("..", "'..'"),
        ("ends.", "ends with a dot"),
        ("line\nbreak", "control characters"),
        ("\x9f", "control characters"),
        (17, "must be text"),
        (True, "must be text"),
        ({"a": 1}, "must be text"),
    ],
)
async def test_a_name_that_no_snippet_can_have_is_refused_with_its_reason(
    call: Call, tool: str, bad_name: object, reason: str
) -> None:
    text = {"snippet": "text"} if tool == "savesnippet" else {}
    result = await call(tool, snippetname=bad_name, **text)
    assert result.is_error
    assert reason in text_of(result)
    assert "Choose another" in text_of(result) or "Give 'snippetname'" in text_of(result)


async def test_a_client_reads_why_a_name_is_refused(client: ClientSession) -> None:
    for tool in ("getsnippet", "savesnippet"):
        result = await client.call_tool(tool, {"snippetname": "../other/secret", "snippet": "text"})
        assert result.is_error
        assert "contains a slash" in text_of(result)


@pytest.mark.parametrize(("snippet", "reason"), [("", "empty"), (5, "must be text"), (["a"], "must be text")])
async def test_a_content_that_is_no_text_is_refused_and_the_old_snippet_stays(
    call: Call, snippet: object, reason: str
) -> None:
    assert not (await call("savesnippet", snippetname="a", snippet="kept")).is_error
    result = await call("savesnippet", snippetname="a", snippet=snippet)
    assert result.is_error
    assert reason in text_of(result)
    assert text_of(await call("getsnippet", snippetname="a")) == "kept"


async def test_a_snippet_that_does_not_exist_is_named_with_what_to_try(
    target: Target, connect: Connect, name: str
) -> None:
    async with connect(target) as session:
        result = await session.call_tool("getsnippet", {"snippetname": name})
        assert result.is_error
        assert f"no snippet named '{name}'" in text_of(result)
        assert "savesnippet" in text_of(result)


async def test_names_tell_capitals_apart(target: Target, connect: Connect, name: str) -> None:
    async with connect(target) as session:
        await save(session, name, "lower")
        assert (await session.call_tool("getsnippet", {"snippetname": name.upper()})).is_error


async def test_the_longest_name_there_can_be_works(target: Target, connect: Connect, name: str) -> None:
    longest = name + "n" * (1019 - len(name))
    async with connect(target) as session:
        await save(session, longest, "long")
        assert await get(session, longest) == "long"


async def test_a_name_of_spaces_percents_and_letters_of_every_script_works(
    target: Target, connect: Connect, name: str
) -> None:
    odd = f"{name} 100% ?#&+ überall 日本 😀"
    async with connect(target) as session:
        await save(session, odd, "odd")
        assert await get(session, odd) == "odd"


async def test_a_storage_that_cannot_be_reached_is_told_in_a_sentence_and_logged_in_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    storage = ContainerClient("http://127.0.0.1:9/account", "snippets", retry_total=0)
    container = SnippetContainer(storage)
    for action in (
        container.read("a"),
        container.write("a", "text"),
        container.delete("a"),
        container.page("", 1, None),
    ):
        with pytest.raises(
            SnippetError, match=r"^The storage of snippets cannot be reached; .* Try again in a minute;"
        ):
            await action
    await container.close()
    assert [record.exc_info for record in caplog.records if "127.0.0.1:9" in record.getMessage()] == [None] * 4


async def test_of_many_snippets_that_are_read_at_once_a_few_are_in_memory() -> None:
    storage = _Storage()
    container = SnippetContainer(storage)  # pyright: ignore[reportArgumentType]
    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(container.read, f"snippet{number}")
    assert (storage.read, storage.most_at_once) == (100, 8)


class _Storage:
    """A container whose blobs take a moment each, which counts how many are read at once."""

    def __init__(self) -> None:
        self.read = self.most_at_once = self._now = 0

    def get_blob_client(self, blob: str) -> "_Storage":
        return self

    async def download_blob(self) -> Any:
        return self

    async def chunks(self) -> AsyncIterator[bytes]:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await anyio.lowlevel.checkpoint()
        self._now -= 1
        self.read += 1
        yield b"text"
