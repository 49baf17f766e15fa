"""What host.json says of a custom handler: a program of the app's own that serves HTTP, such as an MCP SDK's server.

https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers and .../self-hosted-mcp-servers; what the
profiles stand for is in azure-functions-host, Configuration/HostConfigurationProfile.cs.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from functions_host.app.members import dig, dig_object
from functions_host.app.trigger_options import time_span
from functions_host.errors import PersonError

PROFILES = ("mcp-custom-handler", "web-app-custom-handler")
_DEFAULT_SECONDS = 30.0
_VARIABLE = re.compile(r"%(\w+)%")


class HandlerFunction(msgspec.Struct, frozen=True):
    """A function of the handler: its name and bindings, each the JSON that the host reads."""

    name: str
    raw_bindings: list[str]


class CustomHandler(msgspec.Struct, frozen=True):
    """`customHandler`, with what its profile adds."""

    executable: str
    arguments: tuple[str, ...]
    working_directory: Path
    port: int | None
    """Where the program listens by itself; None: it asks the environment."""
    seconds: float
    """It has to listen within so many."""
    takes_requests: bool
    """Whether requests come to it as they are, and not as JSON of the host's own."""
    functions: tuple[HandlerFunction, ...]


def apply_profile(host: dict[str, Any]) -> None:
    """Adds to host.json what its configurationProfile stands for. Raises PersonError for one that there is not."""
    profile = str(dig(host, "configurationProfile") or "default").lower()
    if profile == "default":
        return
    if profile not in PROFILES:
        raise PersonError(
            f"Configuration profile '{profile}' in host.json is not supported.",
            f"Supported values: '', 'default', {', '.join(map(repr, PROFILES))}.",
        )
    for path, value in (
        (("extensions", "http", "routePrefix"), ""),
        (("customHandler", "enableProxyingHttpRequest"), True),
        (("customHandler", "http", "routes"), [{"route": "{*route}"}]),
    ):
        if dig(host, *path) is None:
            _put(host, path, value)


def read_custom_handler(
    host: dict[str, Any], app_directory: Path, environment: Mapping[str, str]
) -> CustomHandler | None:
    """Returns the handler that host.json declares, None if it declares none. Raises PersonError."""
    handler = dig(host, "customHandler")
    if handler is None:
        return None
    description = dig_object(handler, "description")
    executable = dig(description, "defaultExecutablePath")
    if not isinstance(executable, str) or not executable:
        raise PersonError(
            "customHandler in host.json has no description.defaultExecutablePath.",
            'Write the program that serves HTTP, such as "python", and its file in "arguments": ["server.py"].',
        )
    worker = dig(description, "defaultWorkerPath")
    arguments = [
        *_texts(description, "arguments"),
        *([worker] if worker else []),
        *_texts(description, "workerArguments"),
    ]
    takes_requests = (
        dig(handler, name) is True for name in ("enableProxyingHttpRequest", "enableForwardingHttpRequest")
    )
    return CustomHandler(
        _expanded(executable, environment),
        tuple(_expanded(each, environment) for each in arguments),
        app_directory / _expanded(str(dig(description, "workingDirectory") or ""), environment),
        _port(dig(handler, "port")),
        _seconds(dig(handler, "initializationTimeout")),
        any(takes_requests),
        (*_routes(handler), *_function_files(app_directory)),
    )


def _routes(handler: dict[str, Any]) -> list[HandlerFunction]:
    """Returns a function for each of http.routes, which the host names by itself."""
    http = dig_object(handler, "http")
    level = dig(http, "defaultAuthorizationLevel") or "function"
    functions: list[HandlerFunction] = []
    for number, route in enumerate(dig(http, "routes") or [], 1):
        trigger = {
            "type": "httpTrigger",
            "direction": "in",
            "name": "req",
            "route": dig(route, "route"),
            "authLevel": dig(route, "authorizationLevel") or level,
        }
        name = "http-handler" if number == 1 else f"http-handler{number}"
        functions.append(HandlerFunction(name, [json.dumps(trigger)]))
    return functions


def _function_files(app_directory: Path) -> list[HandlerFunction]:
    """Returns the functions that are declared by files, a folder each."""
    functions: list[HandlerFunction] = []
    for file in sorted(app_directory.glob("*/function.json")):
        try:
            bindings = json.loads(file.read_text(encoding="utf-8-sig"))["bindings"]
            functions.append(HandlerFunction(file.parent.name, [json.dumps(dict(each)) for each in bindings]))
        except (ValueError, KeyError, TypeError):
            raise PersonError(f"{file} does not hold bindings.", 'Write {"bindings": [...]} into it.') from None
    return functions


def _texts(description: dict[str, Any], name: str) -> list[str]:
    value = dig(description, name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise PersonError(f"customHandler.description.{name} in host.json is no list of texts.", 'Write ["server.py"].')
    return value


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    """Fills in %VARIABLES% as .NET does: what is not set stays as it is written."""
    return _VARIABLE.sub(lambda found: environment.get(found[1], found[0]), text)


def _port(value: object) -> int | None:
    if value in (None, ""):
        return None
    if str(value).isdecimal() and 0 < int(str(value)) < 65536:
        return int(str(value))
    raise PersonError(f"customHandler.port in host.json is '{value}'.", "Write the port on which the server listens.")


def _seconds(value: object) -> float:
    if value is None:
        return _DEFAULT_SECONDS
    seconds = time_span(str(value))
    if seconds:
        return seconds
    raise PersonError(f"customHandler.initializationTimeout in host.json is '{value}'.", "Write it as hh:mm:ss.")


def _put(host: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    *parents, last = path
    for name in parents:
        key = next((key for key in host if key.lower() == name.lower()), name)
        host = host.setdefault(key, {})
    host[last] = value
