"""From what the worker indexed to the functions that can be called."""

import re
from collections.abc import Callable, Iterable, Iterator

from functions_host.app.settings import Configuration, Settings
from functions_host.bindings.binding import InputBinding, OutputBinding
from functions_host.bindings.failing_binding import FailingBinding
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError, PersonError
from functions_host.host.binding_kinds import INPUTS, OUTPUTS
from functions_host.host.declarations import declared_at
from functions_host.host.functions import MCP_NOUNS, Function, FunctionApp, NotRun, Trigger
from functions_host.host.not_modelled import NotModelledError, why_no_binding, why_no_trigger
from functions_host.triggers.blob_trigger import read_blob_trigger
from functions_host.triggers.http_trigger import HttpTrigger, read_http_trigger
from functions_host.triggers.prompt_trigger import read_prompt_trigger
from functions_host.triggers.queue_trigger import read_queue_trigger
from functions_host.triggers.resource_trigger import read_resource_trigger
from functions_host.triggers.resource_uri import same_structure
from functions_host.triggers.timer_trigger import TimerTrigger, read_timer_trigger
from functions_host.triggers.tool_trigger import read_tool_trigger
from functions_host.worker_process.messages import FunctionMetadata

# The host's own rules (azure-functions-host, Utility.cs and ScriptHost).
_FUNCTION_NAME = re.compile(r"(?!host$)[a-z][a-z0-9_\-]{0,127}", re.IGNORECASE)
# Underscores since version 4.1038 of the host; two beside each other are for itself.
_BINDING_NAME = re.compile(r"(?!.*__)[a-zA-Z_][a-zA-Z0-9_]{0,127}|\$return")
_RETURN = "$return"
_CALLED_BY = {"tool": "name", "resource": "URI", "template": "URI", "prompt": "name"}


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
        read_input = INPUTS.get(binding.type) if binding.direction in ("in", "inout") else None
        read_output = OUTPUTS.get(binding.type) if binding.direction in ("out", "inout") else None
        if read_input:
            inputs.append(_made(read_input, binding, configuration))
        if read_output:
            outputs.append(_made(read_output, binding, configuration))
        if not read_input and not read_output:
            raise NotModelledError(trigger.type_name, why_no_binding(binding))
    # Of the triggers that are run here, the host heeds it for timers alone.
    retry = metadata.retry if isinstance(trigger, TimerTrigger) else None
    return Function(metadata.name, metadata.function_id, trigger, tuple(inputs), tuple(outputs), answer, retry)


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


def _check_name(binding: RawBinding) -> None:
    if binding.type.endswith("trigger") and binding.name == _RETURN:
        raise BindingError("An item with the same key has already been added: the name of a trigger cannot be $return.")
    if not _BINDING_NAME.fullmatch(binding.name):
        raise BindingError(
            f"The binding name '{binding.name}' is invalid. Please assign a valid name to the binding: "
            "letters, digits and single underscores, no digit first."
        )


def _refuse_duplicates(functions: list[Function], settings: Settings) -> None:
    seen: dict[tuple[str, str], Function] = {}
    for function in functions:
        trigger = function.trigger
        if trigger.noun not in _CALLED_BY:
            continue  # two may have one queue or route; each has its methods
        name = trigger.public_name
        key = same_structure(name) if trigger.noun == "template" else name.lower()
        earlier = seen.setdefault((trigger.noun, key), function)
        if earlier is not function:
            error = PersonError(
                _registered_twice(trigger.noun, earlier.trigger.public_name, name),
                f"Give it another {_CALLED_BY[trigger.noun]} than the {trigger.noun} of '{earlier.name}' has "
                f"({declared_at(settings.app_directory, earlier.name)}): they are compared without their case.",
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
