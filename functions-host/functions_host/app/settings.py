"""host.json and local.settings.json, read as Core Tools and the Functions host read them.

https://learn.microsoft.com/azure/azure-functions/functions-host-json
https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from functions_host.app.cors import Cors, read_cors
from functions_host.app.custom_handler import CustomHandler, apply_profile, read_custom_handler
from functions_host.app.json_file import read_json_file
from functions_host.app.members import dig as _dig
from functions_host.app.members import dig_object as _dig_object
from functions_host.app.trigger_options import TriggerOptions, read_trigger_options, time_span
from functions_host.errors import PersonError

_OVERRIDE_PREFIX = "azurefunctionsjobhost:"
_DEFAULT_BODY_LIMIT = 104_857_600
_DEFAULT_TIMEOUT_SECONDS = 30 * 60.0  # what `func start` uses where functionTimeout is not set
_UNMODELLED_HOST_SETTINGS = {
    "LocalHttpPort": "give the port with --port",
    "LocalHttpAddress": "give the address with --address",
}
_BUNDLE_ID = "Microsoft.Azure.Functions.ExtensionBundle"
_BUNDLES_WITH_MCP = (_BUNDLE_ID.lower(), f"{_BUNDLE_ID}.Preview".lower(), f"{_BUNDLE_ID}.Experimental".lower())
_BUNDLE_RANGE = re.compile(r"[\[(]\s*(\d+)[\d.*]*\s*(?:,\s*(\d+)([\d.*]*))?\s*([\])])")
_FIRST_BUNDLE_WITH_MCP = 4


class McpOptions(msgspec.Struct, frozen=True):
    """`extensions.mcp` of host.json, with the defaults of the extension (version 1.6.0)."""

    server_name: str = "Azure Functions MCP server"
    server_version: str = "1.0.0"
    instructions: str | None = None
    use_absolute_uri_for_endpoint: bool = False
    webhook_is_anonymous: bool = False
    """Whether `system.webhookAuthorizationLevel` is Anonymous, so that no key is asked for."""


class Settings(msgspec.Struct, frozen=True):
    """All that the host needs to know of an app before it runs."""

    app_directory: Path
    configuration: "Configuration"
    mcp: McpOptions
    function_timeout: float | None
    """Seconds a function may run; None for ever."""
    body_limit: int
    """Bytes that the body of a request may have."""
    environment: dict[str, str]
    """The environment of the worker process."""
    notices: list[str] = msgspec.field(default_factory=list[str])
    """Lines the person should see at start."""
    watch_files: tuple[str, ...] = ()
    """Names of files that load the app again when they are saved, besides .py files."""
    watch_directories: tuple[str, ...] = ()
    """Folders below the app's of which any file does."""
    triggers: TriggerOptions = msgspec.field(default_factory=TriggerOptions)
    custom_handler: CustomHandler | None = None
    """The program that serves the app, where it is no app of functions."""
    cors: Cors = msgspec.field(default_factory=Cors)

    @property
    def host_id(self) -> str:
        """Under which the host keeps in the app's storage what it has to remember; in Azure the site's name."""
        if given := self.configuration.get("AzureFunctionsWebHost:hostid"):
            return given.lower()
        folder = str(self.app_directory)
        name = re.sub(r"[^a-z0-9]+", "-", self.app_directory.name.lower()).strip("-")[:20] or "app"
        return f"{name}-{hashlib.sha256(folder.encode()).hexdigest()[:8]}"


class Configuration:
    """App settings by name, as .NET's configuration sees the environment: any case, `__` and `:` the same."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._values = {_key(name): value for name, value in environment.items()}

    def get(self, name: str) -> str | None:
        """Returns the setting, or None."""
        return self._values.get(_key(name))

    def section(self, name: str) -> dict[str, str]:
        """Returns the settings below `name`, such as `accountName` of `Storage__accountName`, with lower-case keys."""
        prefix = _key(name) + ":"
        return {key[len(prefix) :]: value for key, value in self._values.items() if key.startswith(prefix)}


def load_settings(app_directory: Path, process_environment: Mapping[str, str], port: int) -> Settings:
    """Reads the settings of the app in `app_directory`. Raises PersonError for what a person has to mend."""
    directory = app_directory.resolve()
    refuse_folder_without_app(directory)
    values, cors = _local_settings(directory / "local.settings.json")
    environment, notices = _environment(directory, values, process_environment, port)
    configuration = Configuration(environment)
    host = _host_json(directory / "host.json", configuration)
    apply_profile(host)
    handler = read_custom_handler(host, directory, environment)
    if handler is None:
        _refuse_other_runtime(environment["FUNCTIONS_WORKER_RUNTIME"])
        notices += _bundle_notices(host)
    notices += cors.notices()
    return Settings(
        directory,
        configuration,
        _mcp_options(host),
        _function_timeout(_dig(host, "functionTimeout")),
        _body_limit(configuration.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT")),
        environment,
        notices,
        _names(host, "watchFiles"),
        _names(host, "watchDirectories"),
        read_trigger_options(host),
        handler,
        cors,
    )


def refuse_folder_without_app(app_directory: Path) -> None:
    """Raises PersonError for a folder that is none of an app, which names the one that is near."""
    directory = app_directory.resolve()
    if (directory / "host.json").is_file():
        return
    mend = "Start in the folder of a function app or in the one that holds its src, or name it with --app."
    near = ((parent, app) for parent in directory.parents for app in (parent, parent / "src"))
    for parent, app in near:
        if (app / "host.json").is_file():
            mend = f"There is an app in {app}: start in {parent}, or name the app with --app."
            break
    raise PersonError(f"There is no host.json in {directory}.", mend)


def _environment(
    directory: Path, values: dict[str, str | None], inherited: Mapping[str, str], port: int
) -> tuple[dict[str, str], list[str]]:
    environment = dict(inherited)
    notices: list[str] = []
    for name, value in values.items():
        if not name:
            notices.append("Skipping local setting with empty key.")
        elif value is None:
            notices.append(f"Skipping '{name}' because value is null")
        elif inherited.get(name):
            notices.append(
                f"Skipping '{name}' from local settings as it's already defined in current environment variables."
            )
        else:
            environment[name] = value
    environment |= {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "AzureWebJobsScriptRoot": str(directory),
        "FUNCTIONS_CORETOOLS_ENVIRONMENT": "True",
        "WEBSITE_HOSTNAME": f"localhost:{port}",
    }
    environment.setdefault("FUNCTIONS_WORKER_RUNTIME", "python")
    return environment, notices


def _refuse_other_runtime(runtime: str) -> None:
    if runtime.lower() != "python":
        raise PersonError(
            f"FUNCTIONS_WORKER_RUNTIME is '{runtime}', but only Python apps run here.",
            'Set it to "python" in local.settings.json, or use func for other languages.',
        )


def _local_settings(file: Path) -> tuple[dict[str, str | None], Cors]:
    """Returns Values and ConnectionStrings as environment variables, and CORS; nothing where there is no file."""
    if not file.is_file():
        return {}, Cors()
    settings = read_json_file(file)
    # Core Tools takes a missing IsEncrypted for true, and then fails to decrypt.
    if _dig(settings, "IsEncrypted") is not False:
        raise PersonError(
            f"{file.name} has no '\"IsEncrypted\": false', so func would take its values for encrypted.",
            f'Add "IsEncrypted": false to {file}.',
        )
    for unmodelled, instead in _UNMODELLED_HOST_SETTINGS.items():
        if _dig(settings, "Host", unmodelled) is not None:
            raise PersonError(f"Host.{unmodelled} in {file.name} is not modelled.", f"Remove it, and {instead}.")
    values = {name: _setting_text(name, value, file) for name, value in _dig_object(settings, "Values").items()}
    for name, value in _dig_object(settings, "ConnectionStrings").items():
        text = value.get("ConnectionString") if isinstance(value, dict) else value  # pyright: ignore
        values[f"ConnectionStrings__{name}"] = _setting_text(name, text, file)
    return values, read_cors(settings)


def _setting_text(name: str, value: object, file: Path) -> str | None:
    if isinstance(value, bool):
        return str(value)  # Newtonsoft writes True and False
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    raise PersonError(f"The value of '{name}' in {file.name} is not text.", f"Write it as a string in {file}.")


def _host_json(file: Path, configuration: Configuration) -> dict[str, Any]:
    host = read_json_file(file)
    version = _dig(host, "version")
    if version != "2.0":
        problem = "is missing" if version is None else f"is '{version}'"
        raise PersonError(f"The 'version' property of host.json {problem}.", f'Set "version": "2.0" in {file}.')
    for path, value in configuration.section(_OVERRIDE_PREFIX.rstrip(":")).items():
        _override(host, path.split(":"), value)
    return host


def _bundle_notices(host: dict[str, Any]) -> list[str]:
    """Returns what to say of an extension bundle with which func and Azure could not run the app. We need none.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-mcp
    """
    mend = f'"extensionBundle": {{"id": "{_BUNDLE_ID}", "version": "[4.*, 5.0.0)"}}'
    name, version = _dig(host, "extensionBundle", "id"), str(_dig(host, "extensionBundle", "version"))
    if name is None:
        return [f"host.json has no extensionBundle. Nothing here needs one, but Azure and func do: add {mend}."]
    if str(name).lower() not in _BUNDLES_WITH_MCP:
        return [f"The extensionBundle '{name}' in host.json does not hold the MCP extension: write {mend}."]
    versions = _BUNDLE_RANGE.fullmatch(version.strip())
    if not versions:
        return [f"The version '{version}' of the extensionBundle in host.json is no range: write {mend}."]
    lowest, highest, rest, end = versions.groups()
    beyond = int(highest or lowest) + (0 if highest and end == ")" and not rest.strip(".0*") else 1)
    if beyond <= _FIRST_BUNDLE_WITH_MCP:
        return [f"The extensionBundle {version} in host.json is too old to hold the MCP extension: write {mend}."]
    return []


def _mcp_options(host: dict[str, Any]) -> McpOptions:
    mcp = {name.lower(): value for name, value in _dig_object(host, "extensions", "mcp").items()}
    level = str(_dig(mcp, "system", "webhookAuthorizationLevel") or "System")
    if level.lower() not in ("system", "anonymous"):
        raise PersonError(
            f"extensions.mcp.system.webhookAuthorizationLevel in host.json is '{level}'.",
            "Set it to 'System' or 'Anonymous', the only levels that the MCP extension has.",
        )
    usual = McpOptions()
    absolute = _dig(mcp, "messageOptions", "useAbsoluteUriForEndpoint")
    return McpOptions(
        server_name=str(mcp.get("servername", usual.server_name)),
        server_version=str(mcp.get("serverversion", usual.server_version)),
        instructions=None if mcp.get("instructions") is None else str(mcp["instructions"]),
        use_absolute_uri_for_endpoint=str(absolute).lower() == "true",
        webhook_is_anonymous=level.lower() == "anonymous",
    )


def _names(host: dict[str, Any], member: str) -> tuple[str, ...]:
    names = _dig(host, member) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise PersonError(f"{member} in host.json is not a list of names.", 'Write it as ["NAME", ...].')
    return tuple(names)


def _function_timeout(value: object) -> float | None:
    if value is None:
        return _DEFAULT_TIMEOUT_SECONDS
    if value in ("-1", -1):
        return None
    seconds = time_span(str(value))
    if seconds is not None and seconds >= 1:
        return seconds
    raise PersonError(
        f"functionTimeout in host.json is '{value}'.",
        "Write it as hh:mm:ss, such as 00:05:00, at least one second; -1 for no limit.",
    )


def _body_limit(value: str | None) -> int:
    if value is None or value.isdigit():
        return int(value or _DEFAULT_BODY_LIMIT)
    raise PersonError(f"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is '{value}'.", "Give a number of bytes.")


def _override(host: dict[str, Any], path: list[str], value: str) -> None:
    *parents, last = path
    for name in parents:
        key = next((key for key in host if key.lower() == name), name)
        if not isinstance(host.get(key), dict):
            host[key] = {}
        host = host[key]
    host[next((key for key in host if key.lower() == last), last)] = value


def _key(name: str) -> str:
    return name.replace("__", ":").lower()
