"""mcpPromptTrigger: from the binding that the worker indexed to a prompt that clients list and get."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import msgspec

from functions_host.bindings.raw_binding import RawBinding, read_elements
from functions_host.errors import InvocationError, PersonError
from functions_host.triggers.calls import Call
from functions_host.triggers.prompt_results import prompt_result
from functions_host.triggers.trigger_metadata import Metadata, read_metadata
from functions_host.wire_json import object_of, optional_json, to_json
from functions_host.worker_process.messages import Value


class PromptArgument(msgspec.Struct):
    """An element of promptArguments. Without a description it has an empty one; with null it has none."""

    name: str | None
    title: str | None = None
    description: str | None = ""
    required: bool | None = None


class Icon(msgspec.Struct, rename="lower"):
    """An element of icons."""

    src: str | None
    mimeType: str | None = None
    sizes: list[str] | None = None
    theme: str | None = None


@dataclass(frozen=True)
class PromptTrigger:
    """A prompt as its trigger declares it."""

    type_name: ClassVar = "mcpPromptTrigger"
    noun: ClassVar = "prompt"

    binding_name: str
    public_name: str
    title: str | None
    description: str | None
    arguments: list[PromptArgument | None] | None
    icons: list[Icon | None] | None
    metadata: Metadata
    use_result_schema: bool

    @cached_property
    def listing(self) -> bytes:
        """The element of prompts/list, as JSON."""
        return object_of(
            [
                (b"name", to_json(self.public_name)),
                (b"title", optional_json(self.title)),
                (b"description", optional_json(self.description)),
                (b"arguments", _array(self.arguments)),
                (b"icons", _array(self.icons)),
                (b"_meta", self.metadata.written()),
            ]
        )

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the person should know of it."""
        broken = any(each is None or (each.required and each.name is None) for each in self.arguments or ())
        return ("fails calls: promptArguments has an element without a name.",) * broken + self.metadata.caveats

    @property
    def required(self) -> Sequence[str | None]:
        """The names of the arguments that must be there. Raises InvocationError where no call can go on."""
        if None in (self.arguments or ()):
            raise InvocationError("Object reference not set to an instance of an object: promptArguments holds a null.")
        return [argument.name for argument in self.arguments or () if argument and argument.required]

    def result(self, value: Value, call: Call) -> bytes:
        """Returns the result of prompts/get. Raises InvocationError if `value` breaks the contract of the trigger."""
        return prompt_result(value, use_result_schema=self.use_result_schema)


def read_prompt_trigger(binding: RawBinding) -> PromptTrigger:
    """Reads a raw mcpPromptTrigger binding.

    Raises BindingError where the host would put the function in error, PersonError where it would not start at all.
    """
    name = binding.required("promptName")
    binding.check_is_string()
    return PromptTrigger(
        binding_name=binding.name,
        public_name=name,
        title=binding.text("title"),
        description=binding.text("description"),
        arguments=_elements(name, binding, "promptArguments", PromptArgument),
        icons=_elements(name, binding, "icons", Icon),
        metadata=read_metadata(binding.text("metadata"), f"the prompt '{name}'"),
        use_result_schema=binding.flag("useResultSchema"),
    )


def _elements[T](prompt: str, binding: RawBinding, member: str, element: type[T]) -> list[T | None] | None:
    text = binding.text(member)
    if not text:
        return None
    try:
        return read_elements(text, element)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise PersonError(
            f"The {member} of the prompt '{prompt}' are not a JSON array of what they should be: {error}.",
            "Write them with json.dumps of a list of dicts, or give PromptArgument objects to mcp_prompt_trigger.",
        ) from None


def _array(elements: Sequence[PromptArgument | Icon | None] | None) -> bytes | None:
    return None if elements is None else b"[%b]" % b",".join(map(_written, elements))


def _written(element: PromptArgument | Icon | None) -> bytes:
    if element is None:
        return b"null"
    return object_of([(name.encode(), optional_json(getattr(element, name))) for name in element.__struct_fields__])
