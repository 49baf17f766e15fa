"""mcpToolProperty and mcpPromptArgument: one argument of the call as a parameter of its own.

Microsoft.Azure.Functions.Extensions.Mcp, InputBinding/. Whatever type is declared, the function receives text. Neither
adds anything to what clients are told: the trigger has to list the argument as well.
"""

import msgspec

from functions_host.bindings.binding import BindingContext
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError
from functions_host.triggers.calls import PromptCall, ToolCall
from functions_host.worker_process.messages import Value


class ToolPropertyBinding(msgspec.Struct, frozen=True):
    """A parameter that receives an argument of tools/call as text, empty where the client gave none."""

    name: str
    property_name: str

    async def read(self, context: BindingContext) -> Value:
        if not isinstance(context.call, ToolCall):
            raise BindingError(f"The mcpToolProperty '{self.name}' fails every call: only a tool has such arguments.")
        return Value("string", context.call.argument(self.property_name) or "")


class PromptArgumentBinding(msgspec.Struct, frozen=True):
    """A parameter that receives an argument of prompts/get as text, None where the client gave none."""

    name: str
    argument_name: str
    required: bool

    async def read(self, context: BindingContext) -> Value:
        if not isinstance(context.call, PromptCall):
            raise BindingError(
                f"The mcpPromptArgument '{self.name}' fails every call: only a prompt has such arguments."
            )
        text = context.call.argument(self.argument_name)
        if text is not None:
            return Value("string", text)
        if self.required:
            raise BindingError(f"Required prompt argument '{self.argument_name}' was not provided.")
        return Value()


def read_tool_property(binding: RawBinding) -> ToolPropertyBinding:
    """Reads a raw mcpToolProperty binding. Raises BindingError where every call fails."""
    binding.check_constructor("propertyName", "propertyType", "description", "isRequired")
    binding.check_is_string()
    binding.flag("isRequired")  # must be one, and means nothing
    return ToolPropertyBinding(binding.name, binding.required("propertyName"))


def read_prompt_argument(binding: RawBinding) -> PromptArgumentBinding:
    """Reads a raw mcpPromptArgument binding. Raises BindingError where every call fails."""
    binding.check_constructor("argumentName", "description", "isRequired")
    binding.check_is_string()
    return PromptArgumentBinding(binding.name, binding.required("argumentName"), binding.flag("isRequired"))
