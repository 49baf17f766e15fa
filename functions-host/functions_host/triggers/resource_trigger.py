"""mcpResourceTrigger: from the binding that the worker indexed to a resource, or a template of resources."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import PersonError
from functions_host.triggers.calls import Call, ResourceRead
from functions_host.triggers.resource_results import resource_result
from functions_host.triggers.resource_uri import ResourceUriError, check_uri, is_template, template_matcher
from functions_host.triggers.trigger_metadata import Metadata, read_metadata
from functions_host.wire_json import object_of, optional_json, to_json
from functions_host.worker_process.messages import Value


@dataclass(frozen=True)
class ResourceTrigger:
    """A resource as its trigger declares it. It is a template if its URI has expressions such as `{name}`."""

    type_name: ClassVar = "mcpResourceTrigger"
    required: ClassVar[list[str]] = []

    binding_name: str
    public_name: str
    """The URI."""
    resource_name: str
    title: str | None
    description: str | None
    mime_type: str | None
    metadata: Metadata
    match: Callable[[str], dict[str, str] | None] | None
    """For a template: takes a URI and returns the values of its parameters, or None if it does not match."""

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the person should know of it."""
        return self.metadata.caveats

    @property
    def noun(self) -> str:
        """What the terminal calls it."""
        return "template" if self.match else "resource"

    @cached_property
    def listing(self) -> bytes:
        """The element of resources/list, or for a template of resources/templates/list, as JSON."""
        # A `size` is lost on the way from the worker to the extension, though it must be a number there.
        return object_of(
            [
                (b"name", to_json(self.resource_name)),
                (b"title", optional_json(self.title)),
                (b"uriTemplate" if self.match else b"uri", to_json(self.public_name)),
                (b"description", optional_json(self.description)),
                (b"mimeType", optional_json(self.mime_type)),
                (b"_meta", self.metadata.written()),
            ]
        )

    def result(self, value: Value, call: Call) -> bytes:
        """Returns the result of resources/read. Raises InvocationError for a value that is no resource."""
        assert isinstance(call, ResourceRead)
        return resource_result(value, call.uri, self.mime_type)


def read_resource_trigger(binding: RawBinding) -> ResourceTrigger:
    """Reads a raw mcpResourceTrigger binding.

    Raises BindingError where the host would put the function in error, PersonError where it would not start at all.
    """
    uri = binding.required("uri")
    binding.check_is_string()
    binding.check_whole_number("size")
    return ResourceTrigger(
        binding_name=binding.name,
        public_name=uri,
        resource_name=binding.required("resourceName"),
        title=binding.text("title"),
        description=binding.text("description"),
        mime_type=binding.text("mimeType"),
        metadata=read_metadata(binding.text("metadata"), f"the resource '{uri}'"),
        match=_matcher(uri),
    )


def _matcher(uri: str) -> Callable[[str], dict[str, str] | None] | None:
    try:
        check_uri(uri)
        return template_matcher(uri) if is_template(uri) else None
    except ResourceUriError as error:
        raise PersonError(
            f"The resource '{uri}' cannot be registered: {error}",
            "Give it an absolute URI such as docs://readme, or a template such as docs://{name}.",
        ) from None
