"""listsnippets, deletesnippet and the resource snippet://{name}, as an agent uses them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from mcp import ClientSession
from mcp.shared.exceptions import MCPError
from mcp.types import TextResourceContents

from tests.clients import Connect, save, text_of
from tests.servers import Target

pytestmark = pytest.mark.anyio


async def _listed(session: ClientSession, **arguments: object) -> tuple[list[dict[str, object]], str | None]:
    result = await session.call_tool("listsnippets", arguments)
    assert not result.is_error, result
    assert result.structured_content is not None
    return result.structured_content["snippets"], result.structured_content["after"]


async def test_snippets_are_listed_by_prefix_with_size_and_time(target: Target, connect: Connect, name: str) -> None:
    async with connect(target) as session:
        await save(session, f"{name} b", "é")
        await save(session, f"{name} a", "text")
        found, after = await _listed(session, prefix=name)
        assert [(each["name"], each["bytes"]) for each in found] == [(f"{name} a", 4), (f"{name} b", 2)]
        assert after is None
        saved = datetime.fromisoformat(str(found[0]["saved"]))
        assert datetime.now(UTC) - saved < timedelta(minutes=10)
        assert found[0]["uri"] == f"snippet:///{quote(name)}%20a"
        for each in found:
            assert (await session.read_resource(str(each["uri"]))).contents
        assert await _listed(session, prefix=f"{name} c") == ([], None)


async def test_more_snippets_than_asked_for_come_in_pages(target: Target, connect: Connect, name: str) -> None:
    async with connect(target) as session:
        for number in range(5):
            await save(session, f"{name}-{number}", "text")
        names: list[object] = []
        pages, after = 0, None
        while after is not None or not pages:
            found, after = await _listed(session, prefix=name, limit=2, **({"after": after} if after else {}))
            names += [each["name"] for each in found]
            pages += 1
        assert (pages, names) == (3, [f"{name}-{number}" for number in range(5)])


async def test_a_deleted_snippet_is_gone_and_cannot_be_deleted_again(
    target: Target, connect: Connect, name: str
) -> None:
    async with connect(target) as session:
        await save(session, name, "text")
        done = await session.call_tool("deletesnippet", {"snippetname": name})
        assert (bool(done.is_error), text_of(done)) == (False, f"Snippet '{name}' deleted")
        for tool in ("getsnippet", "deletesnippet"):
            gone = await session.call_tool(tool, {"snippetname": name})
            assert gone.is_error
            assert f"no snippet named '{name}'" in text_of(gone)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("deletesnippet", {"snippetname": "../other/x"}, "contains a slash"),
        ("listsnippets", {"prefix": "../other/"}, "because it contains a slash"),
        ("listsnippets", {"prefix": "n" * 1019}, "because it has 1,020 characters"),
        ("listsnippets", {"limit": 0}, "'limit' must be an integer of at least 1"),
    ],
)
async def test_what_cannot_be_is_told_with_its_reason(
    target: Target, connect: Connect, tool: str, arguments: dict[str, object], said: str
) -> None:
    async with connect(target) as session:
        result = await session.call_tool(tool, arguments)
        assert result.is_error
        assert said in text_of(result)


async def test_a_snippet_is_a_resource_by_its_name_or_by_that_percent_encoded(
    target: Target, connect: Connect, name: str
) -> None:
    odd = f"{name} 100% ?#&+ überall 日本 😀"
    lookalike = '{"content": "{\\"uri\\": \\"https://example.org\\", \\"text\\": \\"of somebody else\\"}"}'
    async with connect(target) as session:
        templates = (await session.list_resource_templates()).resource_templates
        assert {each.uri_template for each in templates} == {"snippet://{name}", "snippet:///{name}"}
        await save(session, odd, lookalike)
        await save(session, name, "plain")
        for uri, text in (
            (f"snippet:///{quote(odd, safe='')}", lookalike),
            (f"snippet:///{name}", "plain"),
            (f"snippet://{name}", "plain"),
        ):
            (content,) = (await session.read_resource(uri)).contents
            assert isinstance(content, TextResourceContents)
            assert (str(content.uri), content.mime_type, content.text) == (uri, "text/plain", text)


@pytest.mark.parametrize(
    "uri",
    [
        "snippet://no-such",
        "snippet:///..%2Fother%2Fx",
        "snippet:///%ff",
        "snippet:///a/b",
        "snippet://..",
        "snippet://",
    ],
)
async def test_a_resource_that_is_no_snippet_is_an_error(target: Target, connect: Connect, uri: str) -> None:
    async with connect(target) as session:
        with pytest.raises(MCPError):
            await session.read_resource(uri)
