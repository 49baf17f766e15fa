"""Resources, prompts and an MCP App, in an app as Microsoft's documentation has it, through a real port."""

import base64
import json
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import BlobResourceContents, TextContent, TextResourceContents

from host_tests.requirements import shows
from host_tests.servers import Target
from host_tests.wire.clients import Connect
from host_tests.wire.raw_http import open_stream, post, request


@pytest.fixture
def app(declarations: Target) -> Target:
    return declarations


def _read(app: Target, uri: str) -> Any:
    return post(app, request("resources/read", {"uri": uri})).event


def _get(app: Target, prompt: str, arguments: object = None) -> Any:
    return post(app, request("prompts/get", {"name": prompt, "arguments": arguments})).event


@shows("resources.mcp-apps")
@pytest.mark.anyio
async def test_the_official_client_reads_an_mcp_app(app: Target, connect: Connect) -> None:
    async with connect(app) as session:
        tool = next(tool for tool in (await session.list_tools()).tools if tool.name == "clock")
        assert tool.meta is not None
        view = tool.meta["ui"]["resourceUri"]
        listed = {str(each.uri): each for each in (await session.list_resources()).resources}
        assert listed[view].mime_type == "text/html;profile=mcp-app"
        assert listed[view].meta == {"ui": {"prefersBorder": True}}
        (page,) = (await session.read_resource(view)).contents
        assert isinstance(page, TextResourceContents)
        assert (page.mime_type, page.meta) == ("text/html;profile=mcp-app", None)
        assert page.text.startswith("<!doctype html>")


@shows("python.prompt-and-resource")
@pytest.mark.anyio
async def test_the_official_client_reads_bytes_and_templates(app: Target, connect: Connect) -> None:
    async with connect(app) as session:
        (logo,) = (await session.read_resource("docs://logo")).contents
        assert isinstance(logo, BlobResourceContents)
        assert base64.b64decode(logo.blob) == b"\x89PNG"
        (template,) = (await session.list_resource_templates()).resource_templates
        assert template.uri_template == "store://catalog/{category}items{tag}"
        with pytest.raises(MCPError, match="Unknown resource: 'docs://none'"):
            await session.read_resource("docs://none")


@pytest.mark.anyio
async def test_the_official_client_gets_prompts(app: Target, connect: Connect) -> None:
    async with connect(app) as session:
        prompts = {prompt.name: prompt for prompt in (await session.list_prompts()).prompts}
        assert [argument.name for argument in prompts["summarise"].arguments or []] == ["text", "style"]
        result = await session.get_prompt("summarise", {"text": "abc", "style": "short"})
        (message,) = result.messages
        assert isinstance(message.content, TextContent)
        assert (message.role, message.content.text) == ("user", "Summarise in short style: abc")
        assert len((await session.get_prompt("conversation")).messages) == 2
        with pytest.raises(MCPError, match="Please provide: text"):
            await session.get_prompt("summarise")


@shows("resources.listing", "resources.size")
def test_resources_are_listed_without_templates_and_without_a_size(app: Target) -> None:
    listed = post(app, request("resources/list")).event["result"]
    assert json.dumps(listed["resources"][1]) == json.dumps(
        {
            "name": "clock_view",
            "title": "Clock",
            "uri": "ui://clock/view",
            "description": "Shows a clock.",
            "mimeType": "text/html;profile=mcp-app",
            "_meta": {"ui": {"prefersBorder": True}},
        }
    )
    assert [each for each in listed["resources"] if each["name"] == "minimal"] == [
        {"name": "minimal", "uri": "docs://Minimal"}
    ]
    assert not any("{" in each["uri"] for each in listed["resources"])


@shows("payload.resource", "resources.any-case")
def test_a_resource_is_found_in_any_case_and_answers_with_the_uri_that_was_asked_for(app: Target) -> None:
    (contents,) = _read(app, "DOCS://minimal")["result"]["contents"]
    assert list(contents) == ["uri", "mimeType", "text"]
    assert (contents["uri"], contents["mimeType"]) == ("DOCS://minimal", None)
    payload = json.loads(contents["text"])
    assert list(payload) == ["uri", "transport"]
    assert payload["uri"] == "DOCS://minimal"


@shows("resources.templates", "expressions.templates")
def test_a_template_gives_its_values_to_the_bindings_as_they_stand_in_the_uri(app: Target, storage: str) -> None:
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(storage) as service:
        service.create_container("catalog").upload_blob("books/fic%20tion.json", b'"a novel"')
    uri = "store://Catalog/booksitemsfic%20tion"
    (contents,) = _read(app, uri)["result"]["contents"]
    assert (contents["uri"], contents["mimeType"]) == (uri, "application/json")
    assert json.loads(contents["text"]) == {"asked": uri, "file": '"a novel"'}


@shows("python.prompt-and-resource", "resources.contents", "resources.envelope")
@pytest.mark.parametrize(
    ("uri", "contents"),
    [
        (
            "docs://envelope",
            {
                "uri": "docs://envelope",
                "mimeType": "text/plain",
                "text": "inside",
                "_meta": {"ui": {"domain": "example.org"}},
            },
        ),
        ("docs://other", {"uri": "docs://elsewhere", "mimeType": "text/csv", "blob": "YQ=="}),
        ("docs://nothing", {"uri": "docs://nothing", "mimeType": None, "text": ""}),
    ],
)
def test_what_a_resource_returns_becomes_its_contents(app: Target, uri: str, contents: dict[str, object]) -> None:
    assert _read(app, uri)["result"] == {"contents": [contents]}


@shows("resources.unknown", "resources.invalid-uri", "resources.failure")
@pytest.mark.parametrize(
    ("uri", "code", "message"),
    [
        ("docs://none", -32602, "Unknown resource: 'docs://none'"),
        ("nope", -32603, "An error occurred."),
        ("docs://broken", -32603, "An error occurred."),
    ],
)
def test_a_resource_that_cannot_be_read_is_an_error_of_the_protocol(
    app: Target, uri: str, code: int, message: str
) -> None:
    assert _read(app, uri)["error"] == {"code": code, "message": message}


@shows("prompts.listing", "prompts.arguments")
def test_prompts_are_listed_with_all_that_their_triggers_say(app: Target) -> None:
    listed = {prompt["name"]: prompt for prompt in post(app, request("prompts/list")).event["result"]["prompts"]}
    assert list(listed) == ["bare", "conversation", "failing", "review", "summarise"]
    assert json.dumps(listed["summarise"]) == json.dumps(
        {
            "name": "summarise",
            "title": "Summarise",
            "description": "Summarises a text.",
            "arguments": [
                {"name": "text", "description": "What to summarise.", "required": True},
                {"name": "style", "required": False},
            ],
            "icons": [{"src": "https://example.org/icon.png", "mimeType": "image/png", "sizes": ["48x48"]}],
            "_meta": {"team": "docs"},
        }
    )
    assert listed["bare"] == {"name": "bare"}
    assert listed["review"]["arguments"] == [
        {"name": "code", "description": "", "required": True},
        {"name": "depth"},
    ]


@shows("prompts.plain")
def test_a_prompt_without_a_result_schema_is_one_message_of_the_user(app: Target) -> None:
    result = _get(app, "Summarise", {"text": "abc"})["result"]
    (message,) = result["messages"]
    assert json.dumps(message) == json.dumps(
        {"content": {"type": "text", "text": "Summarise in plain style: abc"}, "role": "user"}
    )
    (message,) = _get(app, "bare")["result"]["messages"]
    assert json.loads(message["content"]["text"])["type"] == "prompt_messages"


@shows("prompts.whole")
def test_a_prompt_with_a_result_schema_is_a_whole_result(app: Target) -> None:
    assert _get(app, "conversation")["result"] == {
        "description": "A conversation.",
        "messages": [
            {"content": {"type": "text", "text": "Are you there?"}, "role": "user"},
            {"content": {"type": "text", "text": "Yes."}, "role": "assistant"},
        ],
    }


@shows("bindings.prompt-argument")
def test_prompt_arguments_as_input_bindings_are_text_or_none(app: Target) -> None:
    (message,) = _get(app, "review", {"code": 5})["result"]["messages"]
    assert message["content"]["text"] == "Review '5', depth None"


@shows("prompts.unknown", "prompts.required", "prompts.failure")
@pytest.mark.parametrize(
    ("prompt", "code", "message"),
    [
        ("none", -32602, "Unknown prompt: 'none'"),
        (
            "review",
            -32602,
            "One or more required prompt arguments are missing values. Please provide: code",
        ),
        ("failing", -32603, "An error occurred."),
    ],
)
def test_a_prompt_that_cannot_be_got_is_an_error_of_the_protocol(
    app: Target, prompt: str, code: int, message: str
) -> None:
    assert _get(app, prompt)["error"] == {"code": code, "message": message}


@shows("prompts.sse")
def test_resources_and_prompts_answer_on_a_stream_too(app: Target) -> None:
    with open_stream(app) as stream:
        stream.post(request("resources/read", {"uri": "docs://minimal"}))
        (contents,) = stream.next_message()["result"]["contents"]
        assert json.loads(contents["text"])["transport"]["name"] == "http-sse"
        stream.post(request("prompts/get", {"name": "none"}, request_id=2))
        assert stream.next_message()["error"]["code"] == -32602
