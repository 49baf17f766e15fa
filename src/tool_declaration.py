"""What is said of a function that is to be a tool."""

import inspect
import os
import re
import typing
from collections.abc import Callable
from typing import Any, NoReturn


class ToolDeclarationError(Exception):
    """A function cannot be a tool as it is written. Its text says where it is and what to change."""


class ToolDeclaration:
    """A function, and what a model is told of it. Its docstring describes it where `description` is None."""

    def __init__(self, function: Callable[..., Any], name: str | None, description: str | None) -> None:
        self.function = function
        self.name = name or function.__name__
        self.description = description or _paragraphs(function)
        self.parameters = inspect.signature(function).parameters
        # The name of the trigger is not in the way of an argument of that name, nor of the worker's own `context`.
        self.trigger = "context" if "context" not in self.parameters else "toolcall"

    @property
    def hints(self) -> dict[str, Any]:
        """The types of the parameters, and of what it returns under `return`. Raises ToolDeclarationError."""
        try:
            return typing.get_type_hints(self.function, include_extras=True)
        except (NameError, TypeError, SyntaxError) as error:
            self.refuse(f"has a type hint that cannot be read: {error}. Import or mend it.")

    def refuse(self, problem: str) -> NoReturn:
        """Raises ToolDeclarationError, whose text says where the function is."""
        code = self.function.__code__
        where = f"{os.path.basename(code.co_filename)} line {code.co_firstlineno}"
        raise ToolDeclarationError(f"{where}: the tool '{self.name}' {problem}") from None


def spelt(hint: Any) -> str:
    """Returns a type as its author knows it."""
    return hint.__name__ if isinstance(hint, type) else re.sub(r"\b(?:\w+\.)+(?=\w)", "", str(hint))


def _paragraphs(function: Callable[..., Any]) -> str:
    """Returns the docstring with a line for each paragraph: where the source breaks it is nothing to a model."""
    return re.sub(r"(?<!\n)\n(?=[^\W\d])", " ", inspect.getdoc(function) or "")
