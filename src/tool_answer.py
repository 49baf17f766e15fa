"""The answer of a tool, from what its function returns and says that it returns."""

import inspect
import logging
import typing
from typing import Any, cast

import msgspec

from tool_declaration import ToolDeclaration, spelt
from tool_results import Content, Result, ToolError, blocks_result, envelope, structured_result, text_result
from tool_schema import Json, schema_of

_ABSENT = inspect.Parameter.empty


class Answer:
    """How what a function returns becomes a result, from the type that it says it returns."""

    def __init__(self, declared: ToolDeclaration, hint: Any) -> None:
        self._name = declared.name
        self.schema: Json | None = None
        self._hint: Any = None
        self._is_wrapped = False
        self._is_text = hint is str
        if typing.get_origin(hint) is Result:
            (hint,) = typing.get_args(hint)
        if hint in (_ABSENT, str, None, type(None), Any, Result) or _has_content(hint):
            return
        try:
            schema = schema_of(hint)
        except TypeError:
            declared.refuse(f"returns the type {spelt(hint)}, which JSON does not have. Return JSON, or a Content.")
        self._hint = hint
        self._is_wrapped = schema.get("type") != "object"  # as MCP wants it; other frameworks name it `result` too
        if self._is_wrapped:
            definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
            wrapped = {"type": "object", "properties": {"result": schema}, "required": ["result"]}
            schema = wrapped | definitions
        self.schema = schema

    def envelope(self, value: Any) -> str:
        """Returns the envelope of a result. Raises ToolError if the value is not what the function says."""
        try:
            return self._envelope(value)
        except (msgspec.ValidationError, TypeError, ValueError, OverflowError) as error:
            logging.exception("The tool '%s' returned what it cannot", self._name)
            raise ToolError(
                f"The tool '{self._name}' has done its work, but its result cannot be sent: {error}. "
                "Whoever runs this server has to correct it."
            ) from error

    def _envelope(self, value: Any) -> str:
        text, content = None, list[Content]()
        if isinstance(value, Result):
            result = cast("Result[Any]", value)
            text, value, content = result.text, result.structured, result.content
        elif self._hint is None:
            if isinstance(value, str):
                return text_result(value)
            if self._is_text:  # such as the None of a forgotten return
                raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
            if value is None:
                return envelope({"content": []})
            if blocks := _blocks(value):
                return blocks_result(blocks)
        plain = msgspec.to_builtins(value, str_keys=True)
        if self._hint is not None:
            msgspec.convert(plain, self._hint)
        if text is None:
            text = plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()
        if self._is_wrapped:
            plain = {"result": plain}
        return structured_result(text, plain, content) if isinstance(plain, dict) else text_result(text)


def _has_content(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, Content):
        return True
    return any(_has_content(each) for each in typing.get_args(hint))


def _blocks(value: Any) -> list[str | Content]:
    """Returns the blocks that a value is, an empty list if it is something else."""
    values: list[Any] = [value] if isinstance(value, Content) else value if isinstance(value, list) else []
    is_all_blocks = all(isinstance(each, str | Content) for each in values)
    return values if is_all_blocks and any(isinstance(each, Content) for each in values) else []
