"""The functions of an app: from what the worker indexed to what can be called."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import msgspec

from functions_host.app.custom_handler import CustomHandler
from functions_host.app.settings import Configuration, Settings
from functions_host.bindings.binding import InputBinding, OutputBinding
from functions_host.bindings.blob_binding import DATA_TYPES, BlobBinding
from functions_host.bindings.blob_client_binding import BlobClientBinding
from functions_host.bindings.expressions import Template
from functions_host.bindings.failing_binding import FailingBinding
from functions_host.bindings.queue_binding import QueueOutput
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError, PersonError
from functions_host.host.declarations import declared_at
from functions_host.host.not_modelled import NotModelledError, why_no_binding, why_no_trigger
from functions_host.triggers.argument_binding import read_prompt_argument, read_tool_property
from functions_host.triggers.blob_trigger import BlobTrigger, read_blob_trigger
from functions_host.triggers.http_trigger import HttpTrigger, read_http_trigger
from functions_host.triggers.prompt_trigger import PromptTrigger, read_prompt_trigger
from functions_host.triggers.queue_trigger import QueueTrigger, read_queue_trigger
from functions_host.triggers.resource_trigger import ResourceTrigger, read_resource_trigger
from functions_host.triggers.resource_uri import same_structure
from functions_host.triggers.timer_trigger import TimerTrigger, read_timer_trigger
from functions_host.triggers.tool_trigger import ToolTrigger, read_tool_trigger
from functions_host.worker_process.messages import FunctionMetadata

type McpTrigger = ToolTrigger | ResourceTrigger | PromptTrigger
type ListenedTrigger = TimerTrigger | QueueTrigger | BlobTrigger
type Trigger = McpTrigger | HttpTrigger | ListenedTrigger

# The host's own rules (azure-functions-host, Utility.cs and ScriptHost).
_FUNCTION_NAME = re.compile(r"(?!host$)[a-z][a-z0-9_\-]{0,127}", re.IGNORECASE)
_BINDING_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,127}|\$return")
_RETURN = "$return"


class Function(msgspec.Struct, frozen=True):
    """A function that can be called."""

    name: str
    function_id: str
    trigger: Trigger
    inputs: tuple[InputBinding, ...]
    outputs: tuple[OutputBinding, ...]
    answer: str = "$return"
    """The output that holds what the trigger is answered with; only over HTTP it can be another than this."""

    @property
    def mcp(self) -> McpTrigger:
        """The trigger, for whoever found the function as a tool, resource or prompt."""
        return cast("McpTrigger", self.trigger)


class NotRun(msgspec.Struct, frozen=True):
    """A function that Azure would run and this host does not."""

    name: str
    trigger: str
    reason: str


@dataclass(frozen=True)
class FunctionApp:
    """What the host serves: functions in the order of their upper-cased names, and why others are not among them."""

    functions: tuple[Function, ...]
    disabled: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    caveats: tuple[str, ...] = ()
    """What is taken when the app is loaded, here and in Azure, and then fails calls or lists."""

    def named(self, name: str) -> Function | None:
        """Returns a function by its own name, in any case."""
        return next((each for each in self.functions if each.name.lower() == name.lower()), None)

    def tool(self, name: str) -> Function | None:
        """Returns the function behind a tool; the extension finds tools in any case."""
        return self.tools.get(name.lower())

    def prompt(self, name: str) -> Function | None:
        """Returns the function behind a prompt, in any case as well."""
        return self.prompts.get(name.lower())

    def resource(self, uri: str) -> tuple[Function, dict[str, str]] | None:
        """Returns the function behind a resource, and what the parameters of its template stand for in `uri`.

        A resource with that very URI, in any case, comes before templates; those are tried in their order.
        """
        if static := self.resources.get(uri.lower()):
            return static, {}
        for function in self.templates:
            trigger = function.trigger
            assert isinstance(trigger, ResourceTrigger)
            assert trigger.match
            if (parameters := trigger.match(uri)) is not None:
                return function, parameters
        return None

    @cached_property
    def tools(self) -> dict[str, Function]:
        """The tools, by their names in lower case."""
        return {each.trigger.public_name.lower(): each for each in self._that_are("tool")}

    @cached_property
    def prompts(self) -> dict[str, Function]:
        """The prompts, by their names in lower case."""
        return {each.trigger.public_name.lower(): each for each in self._that_are("prompt")}

    @cached_property
    def resources(self) -> dict[str, Function]:
        """The resources that are no templates, by their URIs in lower case."""
        return {each.trigger.public_name.lower(): each for each in self._that_are("resource")}

    @cached_property
    def templates(self) -> list[Function]:
        """The templates of resources."""
        return self._that_are("template")

    @cached_property
    def routes(self) -> list[tuple[HttpTrigger, Function]]:
        """The functions over HTTP, in the order in which a request is offered to them."""
        return [(each.trigger, each) for each in self.functions if isinstance(each.trigger, HttpTrigger)]

    def route(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """Returns the function at a path, decoded, and what the parameters of its route stand for.

        The first one wins whose route and methods fit, however much better another would.
        """
        for trigger, function in self.routes:
            if trigger.takes(method) and (values := trigger.template.match(path)) is not None:
                return function, {name: value for name, value in values.items() if value is not None}
        return None

    def _that_are(self, noun: str) -> list[Function]:
        return [each for each in self.functions if each.trigger.noun == noun]


def load_functions(indexed: Iterable[FunctionMetadata], settings: Settings) -> FunctionApp:
    """Reads the bindings of every function. Raises PersonError where the host would not start."""
    configuration = settings.configuration
    functions: list[Function] = []
    disabled: list[str] = []
    errors: list[str] = []
    not_run: list[NotRun] = []
    for metadata in sorted(indexed, key=lambda each: each.name.upper()):
        if (configuration.get(f"AzureWebJobs.{metadata.name}.Disabled") or "").lower() in ("true", "1"):
            disabled.append(metadata.name)
            continue
        try:
            function = _function(metadata, settings)
            _refuse_same_route(function, functions)
            functions.append(function)
        except NotModelledError as error:
            not_run.append(NotRun(metadata.name, error.trigger, f"{error} ({_place(metadata, settings)})"))
        except BindingError as error:
            place = _place(metadata, settings)
            errors.append(f"The '{metadata.name}' function is in error: {error} ({place})")
        except PersonError as error:
            raise _named(error, metadata.name, _place(metadata, settings)) from None
    _refuse_duplicates(functions, settings)
    caveats = [
        f"The function '{each.name}' ({declared_at(settings.app_directory, each.name)}) {caveat}"
        for each in functions
        for caveat in _caveats(each)
    ]
    return FunctionApp(tuple(functions), tuple(disabled), tuple(errors), tuple(not_run), tuple(caveats))


def _caveats(function: Function) -> Iterator[str]:
    yield from (f"fails every call: {each.reason}" for each in function.inputs if isinstance(each, FailingBinding))
    yield from (
        f"fails when it has run: {each.reason}" for each in function.outputs if isinstance(each, FailingBinding)
    )
    if function.trigger.noun in MCP_NOUNS:
        yield from function.mcp.caveats


def only_forwarded(app: FunctionApp, handler: CustomHandler) -> FunctionApp:
    """Returns the app of a custom handler with those functions that are not forwarded to it as not run."""
    forwarded = [each for each in app.functions if isinstance(each.trigger, HttpTrigger) and handler.takes_requests]
    reason = (
        "a custom handler is asked over HTTP only here, not with the host's own JSON"
        if handler.takes_requests
        else 'requests are given to a custom handler as they are: set "enableProxyingHttpRequest": true in host.json'
    )
    others = [NotRun(each.name, each.trigger.type_name, reason) for each in app.functions if each not in forwarded]
    return replace(app, functions=tuple(forwarded), not_run=(*app.not_run, *others))


def _place(metadata: FunctionMetadata, settings: Settings) -> str:
    return declared_at(settings.app_directory, metadata.name)


def _named(error: PersonError, function: str, place: str) -> PersonError:
    return PersonError(
        f"The host does not start with the function '{function}' ({place}): {error.sentence}", error.remedy
    )


def _refuse_same_route(function: Function, others: list[Function]) -> None:
    trigger = function.trigger
    if not isinstance(trigger, HttpTrigger):
        return
    for other in others:
        if isinstance(other.trigger, HttpTrigger) and trigger.conflicts(other.trigger):
            raise BindingError(
                f"The route specified conflicts with the route defined by function '{other.name}': give its "
                f"httpTrigger another route than '{trigger.public_name}', or other methods."
            )


def _function(metadata: FunctionMetadata, settings: Settings) -> Function:
    if not _FUNCTION_NAME.fullmatch(metadata.name):
        raise BindingError(
            f"'{metadata.name}' is not a valid function name. Begin it with a letter, go on with letters, digits, "
            "_ and -, 128 in all at most; 'host' is taken."
        )
    configuration = settings.configuration
    bindings = [RawBinding(raw) for raw in metadata.raw_bindings]
    if not all(binding.type for binding in bindings):
        raise PersonError("One of its bindings has no type.", "Give every binding the type of its extension.")
    trigger, others = _trigger(metadata.name, bindings, settings)
    answer = _RETURN
    inputs: list[InputBinding] = []
    outputs: list[OutputBinding] = []
    for binding in others:
        _check_name(binding)
        if binding.type == "http" and binding.direction == "out":
            answer = binding.name
            continue
        # One that is inout is both.
        read_input = _INPUTS.get(binding.type) if binding.direction in ("in", "inout") else None
        read_output = _OUTPUTS.get(binding.type) if binding.direction in ("out", "inout") else None
        if read_input:
            inputs.append(_made(read_input, binding, configuration))
        if read_output:
            outputs.append(_made(read_output, binding, configuration))
        if not read_input and not read_output:
            raise NotModelledError(trigger.type_name, why_no_binding(binding))
    return Function(metadata.name, metadata.function_id, trigger, tuple(inputs), tuple(outputs), answer)


def _made[T](
    read: Callable[[RawBinding, Configuration], T], binding: RawBinding, configuration: Configuration
) -> T | FailingBinding:
    try:
        return read(binding, configuration)
    except BindingError as error:
        return FailingBinding(binding.name, str(error))


def _trigger(name: str, bindings: list[RawBinding], settings: Settings) -> tuple[Trigger, list[RawBinding]]:
    """Returns what the function's trigger declares, and its other bindings."""
    binding = next((each for each in reversed(bindings) if each.type.endswith("trigger")), None)
    if binding is None:
        raise BindingError("It has no trigger.")
    others = [each for each in bindings if each is not binding]
    _check_name(binding)
    if binding.type in _TRIGGERS:
        return _TRIGGERS[binding.type](binding), others
    if binding.type == "httptrigger":
        return read_http_trigger(binding, name, settings.triggers.route_prefix), others
    if binding.type in _LISTENED_TRIGGERS:
        return _listened_trigger(binding, settings.configuration), others
    raise NotModelledError(binding.type_as_written, why_no_trigger(binding))


def _listened_trigger(binding: RawBinding, configuration: Configuration) -> Trigger:
    try:
        return _LISTENED_TRIGGERS[binding.type](binding, configuration)
    except BindingError as error:
        trigger = f"{binding.type_as_written} '{binding.name}'"
        raise error if trigger in str(error) else BindingError(f"{trigger}: {error}") from None


_TRIGGERS: dict[str, Callable[[RawBinding], Trigger]] = {
    "mcptooltrigger": read_tool_trigger,
    "mcpresourcetrigger": read_resource_trigger,
    "mcpprompttrigger": read_prompt_trigger,
}
_LISTENED_TRIGGERS: dict[str, Callable[[RawBinding, Configuration], Trigger]] = {
    "timertrigger": read_timer_trigger,
    "queuetrigger": read_queue_trigger,
    "blobtrigger": read_blob_trigger,
}
_ARGUMENT_NAMES = {"tool": "tool_name", "resource": "uri", "template": "uri", "prompt": "prompt_name"}
MCP_NOUNS = frozenset(_ARGUMENT_NAMES)


def _check_name(binding: RawBinding) -> None:
    if binding.type.endswith("trigger") and binding.name == _RETURN:
        raise BindingError("An item with the same key has already been added: the name of a trigger cannot be $return.")
    if not _BINDING_NAME.fullmatch(binding.name):
        raise BindingError(
            f"The binding name '{binding.name}' is invalid. Please assign a valid name to the binding: "
            "letters and digits only, no underscore."
        )


def _blob_input(binding: RawBinding, configuration: Configuration) -> InputBinding:
    if (binding.get("properties") or {}).get("SupportsDeferredBinding") in (True, "true", "True"):
        path, connection = _blob_place(binding, configuration)
        return BlobClientBinding(binding.name, path, connection)
    return _blob(binding, configuration)


def _blob(binding: RawBinding, configuration: Configuration) -> BlobBinding:
    data_type = str(binding.get("dataType") or "string").lower()
    if data_type not in DATA_TYPES:
        raise BindingError(f"'{binding.get('dataType')}' is not a dataType of the blob binding '{binding.name}'.")
    path, connection = _blob_place(binding, configuration)
    return BlobBinding(binding.name, path, connection, data_type)


def _blob_place(binding: RawBinding, configuration: Configuration) -> tuple[Template, str]:
    return Template(binding.required("path"), configuration), _connection(binding, configuration)


def _queue(binding: RawBinding, configuration: Configuration) -> QueueOutput:
    queue = Template(binding.required("queueName"), configuration)
    return QueueOutput(binding.name, queue, _connection(binding, configuration))


def _connection(binding: RawBinding, configuration: Configuration) -> str:
    return Template(binding.text("connection") or "", configuration).text


_INPUTS: dict[str, Callable[[RawBinding, Configuration], InputBinding]] = {
    "mcptoolproperty": lambda binding, _: read_tool_property(binding),
    "mcppromptargument": lambda binding, _: read_prompt_argument(binding),
    "blob": _blob_input,
}
_OUTPUTS: dict[str, Callable[[RawBinding, Configuration], OutputBinding]] = {"blob": _blob, "queue": _queue}


def _refuse_duplicates(functions: list[Function], settings: Settings) -> None:
    seen: dict[tuple[str, str], Function] = {}
    for function in functions:
        trigger = function.trigger
        if trigger.noun not in _ARGUMENT_NAMES:
            continue  # two may have one queue or route; each has its methods
        name = trigger.public_name
        key = same_structure(name) if trigger.noun == "template" else name.lower()
        earlier = seen.setdefault((trigger.noun, key), function)
        if earlier is not function:
            error = PersonError(
                _registered_twice(trigger.noun, earlier.trigger.public_name, name),
                f"Give the function '{function.name}' another {_ARGUMENT_NAMES[trigger.noun]} than "
                f"'{earlier.name}' has: they are compared without their case.",
            )
            raise _named(error, function.name, declared_at(settings.app_directory, function.name))


def _registered_twice(noun: str, existing: str, new: str) -> str:
    if noun == "template":
        return (
            "A resource template with an equivalent URI pattern is already registered. "
            f"Existing: '{existing}', New: '{new}'."
        )
    with_name = "with URI" if noun == "resource" else "with name"
    return f"{noun.title()} {with_name} '{new}' is already registered."
