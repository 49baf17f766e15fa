"""The kinds of bindings beside the trigger: what reads each from its declaration."""

from collections.abc import Callable

from functions_host.app.settings import Configuration
from functions_host.bindings.binding import InputBinding, OutputBinding
from functions_host.bindings.blob_binding import DATA_TYPES, BlobBinding
from functions_host.bindings.blob_client_binding import BlobClientBinding
from functions_host.bindings.expressions import Template
from functions_host.bindings.queue_binding import QueueOutput
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError
from functions_host.triggers.argument_binding import read_prompt_argument, read_tool_property


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


INPUTS: dict[str, Callable[[RawBinding, Configuration], InputBinding]] = {
    "mcptoolproperty": lambda binding, _: read_tool_property(binding),
    "mcppromptargument": lambda binding, _: read_prompt_argument(binding),
    "blob": _blob_input,
}
OUTPUTS: dict[str, Callable[[RawBinding, Configuration], OutputBinding]] = {"blob": _blob, "queue": _queue}
