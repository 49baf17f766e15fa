"""The functions of an app: from what the worker indexed to what can be called."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local.errors import BindingError, PersonError
from local.functions_host.binding_expressions import Template
from local.functions_host.blob_binding import BlobBinding
from local.functions_host.settings import Configuration
from local.functions_host.tool_trigger import ToolTrigger, read_tool_trigger
from local.functions_host.worker_messages import FunctionMetadata

# The host's own rules (azure-functions-host, Utility.cs and ScriptHost).
_FUNCTION_NAME = re.compile(r"(?!host$)[a-z][a-z0-9_\-]{0,127}", re.IGNORECASE)
_BINDING_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,127}|\$return")
_DATA_TYPES = ("string", "binary", "stream")


@dataclass(frozen=True)
class Function:
    """A function that can be called."""

    name: str
    function_id: str
    trigger: ToolTrigger
    inputs: tuple[BlobBinding, ...]
    outputs: tuple[BlobBinding, ...]


@dataclass(frozen=True)
class FunctionApp:
    """What the host serves: the functions in the order of their names, and why others are not among them."""

    functions: tuple[Function, ...]
    disabled: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def tool(self, name: str) -> Function | None:
        """Returns the function behind a tool; the extension finds tools in any case."""
        return self._tools.get(name.lower())

    @cached_property
    def _tools(self) -> dict[str, Function]:
        return {function.trigger.tool_name.lower(): function for function in self.functions}


def load_functions(indexed: Iterable[FunctionMetadata], configuration: Configuration) -> FunctionApp:
    """Reads the bindings of every function. Raises PersonError where the host would not start."""
    functions: list[Function] = []
    disabled: list[str] = []
    errors: list[str] = []
    for metadata in sorted(indexed, key=lambda each: each.name.lower()):
        if (configuration.get(f"AzureWebJobs.{metadata.name}.Disabled") or "").lower() in ("true", "1"):
            disabled.append(metadata.name)
            continue
        try:
            functions.append(_function(metadata, configuration))
        except BindingError as error:
            errors.append(f"The '{metadata.name}' function is in error: {error}")
    _refuse_duplicates(functions)
    return FunctionApp(tuple(functions), tuple(disabled), tuple(errors))


def _function(metadata: FunctionMetadata, configuration: Configuration) -> Function:
    if not _FUNCTION_NAME.fullmatch(metadata.name):
        raise BindingError(
            f"'{metadata.name}' is not a valid function name. Begin it with a letter, go on with letters, digits, "
            "_ and -, 128 in all at most; 'host' is taken."
        )
    triggers: list[ToolTrigger] = []
    inputs: list[BlobBinding] = []
    outputs: list[BlobBinding] = []
    for raw in metadata.raw_bindings:
        binding: dict[str, Any] = json.loads(raw)
        _check_name(binding)
        match binding["type"].lower(), str(binding.get("direction", "in")).lower():
            case "mcptooltrigger", _:
                triggers.append(read_tool_trigger(binding))
            case "blob", "in":
                inputs.append(_blob(binding, configuration))
            case "blob", "out":
                outputs.append(_blob(binding, configuration))
            case _, direction:
                raise BindingError(
                    f"The binding '{binding['name']}' of type '{binding['type']}' (direction {direction}) "
                    "is not modelled by this host; func and Azure may run it."
                )
    return Function(metadata.name, metadata.function_id, triggers[0], tuple(inputs), tuple(outputs))


def _check_name(binding: dict[str, Any]) -> None:
    if not _BINDING_NAME.fullmatch(str(binding.get("name"))):
        raise BindingError(
            f"The binding name '{binding.get('name')}' is invalid. Please assign a valid name to the binding: "
            "letters and digits only, no underscore."
        )


def _blob(binding: dict[str, Any], configuration: Configuration) -> BlobBinding:
    if (binding.get("properties") or {}).get("SupportsDeferredBinding") in (True, "true", "True"):
        raise BindingError(f"The SDK type of the blob binding '{binding['name']}' is not modelled by this host.")
    data_type = str(binding.get("dataType") or "string").lower()
    if data_type not in _DATA_TYPES:
        raise BindingError(f"'{binding['dataType']}' is not a dataType of the blob binding '{binding['name']}'.")
    connection = Template(str(binding.get("connection") or ""), configuration).text
    return BlobBinding(binding["name"], Template(str(binding.get("path")), configuration), connection, data_type)


def _refuse_duplicates(functions: list[Function]) -> None:
    seen: set[str] = set()
    for function in functions:
        name = function.trigger.tool_name
        if name.lower() in seen:
            raise PersonError(
                f"Tool with name '{name}' is already registered.",
                f"Give the function '{function.name}' another tool_name: names are compared without their case.",
            )
        seen.add(name.lower())
