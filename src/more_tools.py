"""More than the six: what snippets there are, deleting one, and each as a resource that a client can attach; files of
the environments in which code runs.

function_app.py registers this file in one line. Without that line none of it is there, and the file can go too.
"""

import base64
import json
import logging
import re
from typing import Annotated
from urllib.parse import quote, unquote

import azure.functions as func
import msgspec
from msgspec import Meta

import environment_files
import executions
import session_pool
import snippet_container
import snippets
from tool import tool
from tool_results import Image, ToolError

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


# What clients show a model as a picture, by how such files begin.
_PICTURES = ((b"\x89PNG\r\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"RIFF", "webp"))
_Path = Annotated[str, "Path of the file, as the code there would write it."]


@tool(blueprint, name="readFile")
async def read_file(
    environmentId: Annotated[str, "The environment that has the file."],
    path: _Path,
    asBase64: Annotated[bool, "Whether to return the bytes in base64, as for a file that is neither."] = False,
) -> str | Image:
    """Read a file of an environment: a picture, such as a plot that runPythonCode has saved, comes as an image that you
    can look at, everything else as text. At most 4 MB.
    """
    environment = executions.checked_environment_id(environmentId)
    if environment is None:
        raise ToolError("environmentId is missing: use the one that runPythonCode returned when it made the file.")
    content = await environment_files.read(session_pool.pool(), environment, path)
    logging.info("Read a file of %d bytes", len(content))
    if asBase64:
        return base64.b64encode(content).decode()
    kind = next((kind for begin, kind in _PICTURES if content.startswith(begin)), None)
    if kind is not None and (kind != "webp" or content[8:12] == b"WEBP"):
        return Image(content, f"image/{kind}")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ToolError(
            f"'{path}' is neither a picture nor text in UTF-8. Set asBase64 to get its {len(content)} bytes, or look "
            "into it with runPythonCode."
        ) from None


@tool(blueprint, name="writeFile")
async def write_file(
    path: _Path,
    content: Annotated[str, "All that the file shall hold: text, or bytes in base64 where isBase64 is true."],
    environmentId: Annotated[str | None, "The environment to write it into; without it a new one is made."] = None,
    isBase64: Annotated[bool, "Whether content is base64."] = False,
) -> str:
    """Write a file into an environment, whole: runPythonCode and runShellCommand find it there. At most 4 MB. What the
    file held before is replaced.
    """
    try:
        data = base64.b64decode(content, validate=True) if isBase64 else content.encode()
    except ValueError:
        kind = "base64" if isBase64 else "text that can be written as UTF-8"
        raise ToolError(f"Nothing was written: content is no {kind}.") from None
    named = executions.checked_environment_id(environmentId)
    environment = await environment_files.write(session_pool.pool(), named, path, data)
    logging.info("Wrote a file of %d bytes", len(data))
    return f"Wrote {len(data)} bytes to '{path}'.\n\nenvironmentId: {environment}"


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
