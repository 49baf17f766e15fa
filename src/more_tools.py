"""More than the six: what snippets there are, deleting one, and each as a resource that a client can attach.

function_app.py registers this file in one line. Without that line none of it is there, and the file can go too.
"""

import json
import logging
import re
from typing import Annotated
from urllib.parse import quote, unquote

import azure.functions as func
import msgspec
from msgspec import Meta

import snippet_container
import snippets
from tool import tool

blueprint = func.Blueprint()


class Snippet(msgspec.Struct):
    """One snippet, without its text."""

    name: str
    bytes: int
    saved: Annotated[str, "When, in UTC."]
    uri: Annotated[str, "The resource that holds its text."]


class Snippets(msgspec.Struct):
    snippets: list[Snippet]
    after: Annotated[str | None, "Pass it to get the next ones; null after the last."]


@tool(blueprint, name="listsnippets")
async def list_snippets(
    prefix: Annotated[str, "Only names that begin with this."] = "",
    limit: Annotated[int, "How many at most.", Meta(ge=1, le=1000)] = 100,
    after: Annotated[str | None, "Where to go on, from the answer before."] = None,
) -> Snippets:
    """List the snippets that savesnippet has stored, in the order of their names: name, size and when it was saved."""
    page = await (await snippet_container.container()).page(prefix, limit, after)
    found = [
        Snippet(each.name, each.size, each.saved.isoformat(timespec="seconds"), _uri(each.name))
        for each in page.snippets
    ]
    logging.info("Listed %d snippets", len(found))
    return Snippets(found, page.next)


@tool(blueprint, name="deletesnippet")
async def delete_snippet(snippetname: Annotated[str, snippets.NAME_DESCRIPTION]) -> str:
    """Delete a snippet by name, for good."""
    name = snippets.checked_name(snippetname)
    if not await (await snippet_container.container()).delete(name):
        raise snippets.missing(name)
    logging.info("Deleted snippet %r", name)
    return f"Snippet '{name}' deleted"


@blueprint.mcp_resource_trigger(
    arg_name="context",
    uri="snippet://{name}",
    resource_name="snippet",
    title="Snippet",
    description="The text of a snippet, by a name of letters, digits, _ and -.",
    mime_type="text/plain",
)
async def snippet_resource(context: str) -> str:
    return await _read(context, "snippet://")


# What follows two slashes is a host to .NET, in which the extension takes neither spaces nor percent signs.
@blueprint.mcp_resource_trigger(
    arg_name="context",
    uri="snippet:///{name}",
    resource_name="snippet of any name",
    title="Snippet of any name",
    description="The text of a snippet, by its name percent-encoded, as in snippet:///parse%20dates.",
    mime_type="text/plain",
)
async def snippet_resource_of_any_name(context: str) -> str:
    return await _read(context, "snippet:///")


async def _read(context: str, begin: str) -> str:
    uri: str = json.loads(context)["uri"]
    # The extension matches the scheme in any case and decodes nothing. What cannot be read is an error of the protocol.
    name = snippets.checked_name(unquote(uri[len(begin) :], errors="strict"))
    text = snippets.checked_blob(name, await (await snippet_container.container()).read(name))
    # In an envelope, so that a text that looks like one cannot pass for another resource.
    return json.dumps({"content": json.dumps({"uri": uri, "mimeType": "text/plain", "text": text})})


def _uri(name: str) -> str:
    return (
        f"snippet://{name}" if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name) else f"snippet:///{quote(name, safe='')}"
    )
