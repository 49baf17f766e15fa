"""The process of a custom handler, without a host: which port it gets, and what is said of one that does not listen."""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from functions_host.app.settings import load_settings
from functions_host.errors import PersonError
from functions_host.host.functions import only_forwarded
from functions_host.host.indexed_functions import load_functions
from functions_host.worker.connection import WorkerEvents
from functions_host.worker.custom_handler import CustomHandlerWorker
from functions_host.worker_process.messages import FunctionMetadata

from host_tests.requirements import shows
from host_tests.servers import free_port

_LISTEN = (
    "import os, socket, sys\n"
    "server = socket.create_server(('127.0.0.1', int(sys.argv[1] or os.environ[sys.argv[2]])))\n"
    "while True: server.accept()"
)


def _settings(folder: Path, handler: object, **members: object):
    host: dict[str, Any] = {"version": "2.0", "customHandler": handler, **members}
    (folder / "host.json").write_text(json.dumps(host), encoding="utf-8")
    return load_settings(folder, {"FUNCTIONS_WORKER_RUNTIME": "custom"}, 7071)


def _worker(folder: Path, *arguments: str, executable: str = sys.executable, **members: object) -> CustomHandlerWorker:
    description = {"defaultExecutablePath": executable, "arguments": list(arguments)}
    handler = _settings(folder, {"description": description, **members}).custom_handler
    assert handler

    async def environment() -> dict[str, str]:
        return {}

    events = WorkerEvents(log=lambda record: None, output=lambda line, is_error: None, problem=lambda text: None)
    return CustomHandlerWorker(handler, environment, events)


@pytest.mark.anyio
@shows("handler.port")
async def test_its_port_is_in_the_environment_or_the_one_in_host_json(tmp_path: Path) -> None:
    for arguments, members in (
        (["", "FUNCTIONS_CUSTOMHANDLER_PORT"], {}),
        (["", "FUNCTIONS_HTTPWORKER_PORT"], {}),
        ([str(port := free_port())], {"port": str(port)}),
    ):
        worker = _worker(tmp_path, "-c", _LISTEN, *arguments, **members)
        try:
            await worker.start()
            assert (await worker.origin()).startswith("http://127.0.0.1:")
        finally:
            await worker.stop()


@pytest.mark.anyio
@shows("handler.fails")
async def test_one_that_cannot_be_started_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        for worker, sentence in (
            (_worker(tmp_path, executable="no-such-program"), "The program 'no-such-program', which customHandler"),
            (_worker(tmp_path, "-c", "", port=taken), f"Port {taken}, which customHandler.port in host.json names"),
            (_worker(tmp_path, "-c", "print('no')"), r"ended before it listened on port \d+ \(exit code 0\)"),
            (
                _worker(tmp_path, "-c", "import time; time.sleep(60)", initializationTimeout="00:00:01"),
                "did not listen on port .* within 1 seconds",
            ),
        ):
            with pytest.raises(PersonError, match=sentence):
                await worker.start()
            await worker.stop()


@shows("handler.profile")
def test_the_profile_serves_all_paths_and_other_profiles_are_refused(tmp_path: Path) -> None:
    handler = {"description": {"defaultExecutablePath": "python", "arguments": ["weather.py"]}, "port": "8000"}
    settings = _settings(tmp_path, handler, configurationProfile="MCP-custom-handler")
    found = settings.custom_handler
    assert found
    assert (found.port, found.takes_requests, settings.triggers.route_prefix) == (8000, True, "")
    (function,) = found.functions
    assert json.loads(function.raw_bindings[0])["route"] == "{*route}"
    assert json.loads(function.raw_bindings[0])["authLevel"] == "function"
    with pytest.raises(PersonError, match=r"Configuration profile 'other' in host\.json is not supported"):
        _settings(tmp_path, handler, configurationProfile="other")


@shows("handler.functions")
def test_functions_of_folders_are_forwarded_if_they_are_http_and_else_not_run(tmp_path: Path) -> None:
    for name, trigger in (("pages", "httpTrigger"), ("orders", "queueTrigger")):
        (tmp_path / name).mkdir()
        binding = {"type": trigger, "direction": "in", "name": "it", "queueName": "orders", "route": "{*path}"}
        (tmp_path / name / "function.json").write_text(json.dumps({"bindings": [binding]}), encoding="utf-8")
    for forwards, run in ((True, ["pages"]), (False, [])):
        handler = {"description": {"defaultExecutablePath": "python"}, "enableForwardingHttpRequest": forwards}
        settings = _settings(tmp_path, handler)
        assert settings.custom_handler
        indexed = [
            FunctionMetadata(each.name, each.name, each.raw_bindings) for each in settings.custom_handler.functions
        ]
        app = only_forwarded(load_functions(indexed, settings), settings.custom_handler)
        assert [each.name for each in app.functions] == run
        assert {each.name for each in app.not_run} == {"pages", "orders"} - set(run)


@shows("handler.fails")
@pytest.mark.parametrize(
    ("handler", "sentence"),
    [
        ({}, "customHandler in host.json has no description.defaultExecutablePath"),
        ({"description": {"defaultExecutablePath": "a", "arguments": "b"}}, "arguments in host.json is no list"),
        ({"description": {"defaultExecutablePath": "a"}, "port": "many"}, "customHandler.port in host.json is 'many'"),
    ],
)
def test_a_handler_that_cannot_be_read_is_refused(tmp_path: Path, handler: object, sentence: str) -> None:
    with pytest.raises(PersonError, match=sentence):
        _settings(tmp_path, handler)
