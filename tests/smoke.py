"""Calls the six sample tools of a running server, with nothing but Python: `python tests/smoke.py URL --key KEY`.

Prints one line a step. Exit code 0: all is well. 1: the server answers, but not as it should. 2: it cannot be reached
or does not let us in, and the line says what to do.
"""

import argparse
import http.client
import itertools
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_MCP_PATH = "/runtime/webhooks/mcp"
_SNIPPET_NAME = "smoke-test"
# An app that nobody has called for a while starts first; an execution in a session pool may take 220 seconds.
_SECONDS = 260


class Wrong(Exception):
    """The server answers, but not as it should."""


class NotReached(Exception):
    """The server cannot be reached or does not let us in: what to do about it."""


class Server:
    """An MCP server over Streamable HTTP."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise NotReached(f"'{url}' is not a URL such as https://NAME.azurewebsites.net{_MCP_PATH}.")
        if headers and parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise NotReached("A key is not sent over http, where others can read it. Use https.")
        path = parts.path if parts.path.strip("/") else _MCP_PATH
        self._url = urlunsplit(parts._replace(path=path.rstrip("/").removesuffix("/sse")))
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            **headers,
        }
        self._ids = itertools.count(1)

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Sends a request and returns its result. Raises Wrong or NotReached."""
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        answer = _message(self._post(json.dumps(message).encode()))
        if "error" in answer:
            raise Wrong(f"the server says: {answer['error'].get('message')}")
        return answer["result"]

    def call(self, tool: str, **arguments: str) -> dict[str, Any]:
        """Calls a tool and returns its result. Raises Wrong if it failed."""
        result = self.request("tools/call", {"name": tool, "arguments": arguments})
        if result.get("isError"):
            raise Wrong(_text(result))
        return result

    def _post(self, content: bytes) -> str:
        request = urllib.request.Request(self._url, content, self._headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                return response.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code) from error
        except urllib.error.URLError as error:
            raise NotReached(
                f"The server cannot be reached: {error.reason}. Is its URL right, and is it on?"
            ) from error
        except TimeoutError as error:
            raise Wrong(f"no answer in {_SECONDS} seconds") from error
        except (ValueError, http.client.InvalidURL) as error:
            raise NotReached("The URL or the key has characters that it cannot have.") from error
        except (OSError, http.client.HTTPException) as error:
            raise Wrong(f"the connection broke: {type(error).__name__}") from error


def _refusal(status: int) -> Exception:
    if status in (401, 403):
        return NotReached(
            f"The server refuses the key (HTTP {status}). Give it the system key mcp_extension with --key, or, where "
            "clients sign in with Entra, a token with --token."
        )
    if status == 404:
        return NotReached(
            "There is no MCP server at that URL (HTTP 404). Was the app deployed (azd deploy), and did it start "
            "(azd monitor --logs)?"
        )
    return Wrong(f"HTTP {status}")


def _message(text: str) -> dict[str, Any]:
    """Returns the JSON-RPC message in a body that is JSON or an event stream of one message."""
    data = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith("data:")]
    try:
        message = json.loads(data[0] if data else text)
    except ValueError:
        raise Wrong(f"that is no JSON-RPC message: {text[:200]!r}") from None
    if not isinstance(message, dict) or not isinstance(message.get("result", message.get("error")), dict):
        raise Wrong(f"that is no answer: {text[:200]!r}")
    return message


def _text(result: dict[str, Any]) -> str:
    return "\n".join(block.get("text", "") for block in result.get("content", []))


def steps(server: Server, session_pool: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yields the name of each step and what does it, which returns what there is to say.

    Of the samples those are called that the server lists: who removes one need not change this. The snippet that it
    saves is deleted again where the server lists deletesnippet.
    """
    listed: set[str] = set()
    snippet = f"print('smoke {time.time()}')"

    def initialize() -> str:
        client = {"name": "smoke", "version": "1.0.0"}
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        info = server.request("initialize", params)["serverInfo"]
        return f"{info['name']} {info['version']}"

    def list_tools() -> str:
        listed.update(tool["name"] for tool in server.request("tools/list", {})["tools"])
        return ", ".join(sorted(listed))

    def save() -> str:
        return _text(server.call("savesnippet", snippetname=_SNIPPET_NAME, snippet=snippet))

    def get() -> str:
        if (text := _text(server.call("getsnippet", snippetname=_SNIPPET_NAME))) != snippet:
            raise Wrong(f"not the text that was saved: {text[:200]!r}")
        return "the same text"

    yield "initialize", initialize
    yield "tools/list", list_tools
    if "hello" in listed:
        yield "hello", lambda: _text(server.call("hello"))
    if listed >= {"savesnippet", "getsnippet"}:
        yield "savesnippet", save
        yield "getsnippet", get
        if "deletesnippet" in listed:
            yield "deletesnippet", lambda: _text(server.call("deletesnippet", snippetname=_SNIPPET_NAME))
    if session_pool and listed >= {"launchShell", "runPythonCode", "runShellCommand"}:
        yield from _execution_steps(server)


def _execution_steps(server: Server) -> Iterator[tuple[str, Callable[[], str]]]:
    environment: dict[str, str] = {}

    def launch() -> str:
        environment["environmentId"] = server.call("launchShell")["structuredContent"]["environmentId"]
        return environment["environmentId"]

    def run(tool: str, wanted: str, **code: str) -> str:
        stdout = server.call(tool, **environment, **code)["structuredContent"]["stdout"]
        if stdout.strip() != wanted:
            raise Wrong(f"printed {stdout!r}, not {wanted!r}")
        return wanted

    yield "launchShell", launch
    yield "runPythonCode", lambda: run("runPythonCode", "42", pythonCode="print(6 * 7)")
    yield "runShellCommand", lambda: run("runShellCommand", "hi", shellCommand="echo hi")


def main() -> int:
    """Runs the steps and returns the exit code."""
    parser = argparse.ArgumentParser(description="Calls the six sample tools of a running MCP server.")
    parser.add_argument("url", help="its MCP endpoint, or its origin such as https://NAME.azurewebsites.net")
    parser.add_argument("--key", help="its system key mcp_extension, or set MCP_EXTENSION_KEY")
    parser.add_argument("--token", help="a token of Entra, where clients sign in")
    parser.add_argument("--no-session-pool", action="store_true", help="leave out the tools that run code")
    options = parser.parse_args()
    key = options.key or os.environ.get("MCP_EXTENSION_KEY")
    headers = {"x-functions-key": key} if key else {}
    if options.token:
        headers["Authorization"] = f"Bearer {options.token}"
    name = "url"
    try:
        for name, step in steps(Server(options.url, headers), not options.no_session_pool):
            began = time.monotonic()
            print(f"ok      {name}: {step()} ({time.monotonic() - began:.1f} s)")
    except Wrong as error:
        print(f"FAILED  {name}: {error}")
        return 1
    except (KeyError, TypeError, AttributeError) as error:
        print(f"FAILED  {name}: the answer has not the form of an MCP server's: {error!r}")
        return 1
    except NotReached as error:
        print(f"FAILED  {name}: {error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
