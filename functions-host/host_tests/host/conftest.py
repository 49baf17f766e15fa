"""A host without a socket: the protocol in front, and functions of the test's own behind."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from functions_host.app.settings import load_settings
from functions_host.errors import WorkerError
from functions_host.host.host import Execution, FunctionsHost
from functions_host.mcp.messages import Request, parse_message
from functions_host.mcp.protocol import McpProtocol
from functions_host.storage.blob_store import BlobStore
from functions_host.triggers.calls import McpClient
from functions_host.worker_process.messages import Completed, FunctionMetadata, Indexed, Invoke, Value

type Tool = Callable[[dict[str, Any]], Value]


def trigger(tool: str, **members: object) -> str:
    """Returns the raw binding of a tool trigger."""
    return raw("mcpToolTrigger", toolName=tool, description="", **members)


def resource(uri: str, **members: object) -> str:
    """Returns the raw binding of a resource trigger."""
    return raw("mcpResourceTrigger", **{"uri": uri, "resourceName": "r"} | members)


def prompt(name: str, **members: object) -> str:
    """Returns the raw binding of a prompt trigger."""
    return raw("mcpPromptTrigger", promptName=name, **members)


def raw(type_name: str, **members: object) -> str:
    """Returns a raw binding, a trigger's unless another `name` is given."""
    return json.dumps({"type": type_name, "direction": "IN", "name": "context"} | members)


@dataclass
class FakeWorker:
    """Runs functions in this process: each takes the trigger's payload and returns a value."""

    functions: dict[str, tuple[Tool, list[str]]] = field(default_factory=dict[str, tuple[Tool, list[str]]])
    inputs: list[dict[str, Value]] = field(default_factory=list[dict[str, Value]])
    """What each call brought, by the names of the bindings."""
    released: asyncio.Event | None = None
    """What functions wait for, if they do."""

    def add(self, name: str, tool: Tool, *bindings: str) -> None:
        self.functions[name] = (tool, list(bindings) or [trigger(name)])

    async def start(self) -> Indexed:
        return Indexed([FunctionMetadata(name, name, bindings) for name, (_, bindings) in self.functions.items()])

    async def invoke(self, call: Invoke, timeout: float | None) -> Completed:
        tool, _ = self.functions[call.function_id]
        values = dict(call.inputs)
        self.inputs.append(values)
        if self.released:
            await self.released.wait()
        try:
            return Completed(call.invocation_id, tool(json.loads(values["context"].value)), [])
        except ValueError as error:
            raise WorkerError(str(error)) from error

    def retire(self) -> None:
        pass

    async def stop(self, seconds: float = 2) -> None:
        pass


@dataclass
class Host:
    """A host with a fake worker, spoken to as the transports speak to it."""

    worker: FakeWorker
    host: FunctionsHost
    executions: list[Execution]

    async def start(self) -> None:
        await self.host.start()

    async def ask(self, method: str, params: object = None, client: McpClient | None = None) -> Any:
        """Sends a request and returns the whole answer."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method} | ({} if params is None else {"params": params})
        return await self.ask_json(json.dumps(message), client)

    async def result(self, method: str, params: object = None, client: McpClient | None = None) -> Any:
        """Sends a request and returns the result. Fails if it is answered with an error."""
        return (await self.ask(method, params, client))["result"]

    async def error(self, method: str, params: object = None) -> tuple[int, str]:
        """Sends a request and returns code and message of the error it is answered with."""
        error = (await self.ask(method, params))["error"]
        assert list(error) == ["code", "message"]
        return error["code"], error["message"]

    async def ask_json(self, text: str, client: McpClient | None = None) -> Any:
        """Sends a request as it is written."""
        request = parse_message(text.encode())
        assert isinstance(request, Request)
        return json.loads(await McpProtocol(self.host).answer(request, client or McpClient("http-streamable", {})))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    settings = load_settings(tmp_path, {}, 7071)
    worker = FakeWorker()
    executions: list[Execution] = []
    functions_host = FunctionsHost(settings, worker, BlobStore(settings.configuration), executions.append)
    return Host(worker, functions_host, executions)
