"""The FunctionApps and Blueprints of an app, and which of their functions the app does not have.

The worker library asks the one FunctionApp of function_app.py for its functions. What is declared on another, or on a
Blueprint that nobody registers there, is not run: here as in Azure, where nothing says so.
"""

import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions
from azure.functions.decorators.function_app import DecoratorApi, FunctionRegister

from .messages import LeftOut

_DURABLE = "azure.durable_functions"  # makes Blueprints of its own, one a decorator
_NO_ATTRIBUTE = re.compile(r"AttributeError: '(\w+)' object has no attribute")
_NO_KEYWORD = re.compile(r"TypeError: \w+Api\.(\w+)\(\) got an unexpected keyword argument")
_NO_DECORATORS = ("_", "app_script", "auth_level", "functions_bindings", "get_", "register_", "validate_")


class Containers:
    """Remembers those that are made inside of `with containers:`, also where no variable names them any more."""

    def __init__(self, app_directory: str) -> None:
        self._folder = Path(app_directory)
        self._made: list[Any] = []
        self._initialise = DecoratorApi.__init__

    def __enter__(self) -> None:
        initialise, made = self._initialise, self._made

        def remember(self: DecoratorApi, *args: Any, **kwargs: Any) -> None:
            initialise(self, *args, **kwargs)
            made.append(self)

        DecoratorApi.__init__ = remember

    def __exit__(self, *error: object) -> None:
        DecoratorApi.__init__ = self._initialise

    def left_out(self) -> list[LeftOut]:
        """Returns what is declared in the app's files on one of them, and yet no function of the app."""
        script = os.environ.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py"
        main = sys.modules.get(script.removesuffix(".py"))
        served = [each for each in vars(main).values() if isinstance(each, FunctionRegister)] if main else []
        reported = {id(builder) for app in served for builder in _builders(app)}
        found: list[LeftOut] = []
        # Apps first: what has been registered on one is missing with it.
        for container in sorted(self._made, key=lambda each: not isinstance(each, FunctionRegister)):
            missing = [builder for builder in _builders(container) if id(builder) not in reported]
            name = self._name_of(container) if missing else ""
            if not name and type(container).__module__.startswith(_DURABLE):
                continue
            is_app = isinstance(container, FunctionRegister)
            has_others = len(missing) < len(_builders(container))
            for file, functions in self._by_file(missing, script if is_app and not name else None).items():
                found.append(LeftOut(file, functions, name, is_app, has_others))
            reported.update(map(id, missing))
        return found

    def imported_files(self) -> list[str]:
        """Returns the app's files that have been imported, named from its folder."""
        return [file for file, _ in self._modules()]

    def _name_of(self, container: Any) -> str:
        """Returns how function_app.py calls it once it imports the module, such as `pages.blueprint`; '' if by none."""
        for file, module in self._modules():
            for name, value in vars(module).items():
                if value is container:
                    return f"{file.removesuffix('.py').replace('/', '.')}.{name}"
        return ""

    def _by_file(self, builders: list[Any], only: str | None) -> dict[str, list[str]]:
        """Returns the names of the functions by the app's files that they are in; they stand for `only` if it is given.

        What is in no file of the app, such as a package's, is not there.
        """
        functions: list[Any] = [builder._function for builder in builders]  # it has no other name
        files = [self._file_of(sys.modules.get(each.get_user_function().__module__)) for each in functions]
        found: dict[str, list[str]] = {}
        for file, function in sorted(zip(files, functions, strict=True), key=lambda each: each[0] != only):
            if file:
                found.setdefault(only or file, []).append(function.get_function_name())
        return found

    def _modules(self) -> Iterator[tuple[str, ModuleType]]:
        for module in list(sys.modules.values()):
            if file := self._file_of(module):
                yield file, module

    def _file_of(self, module: ModuleType | None) -> str | None:
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.startswith(str(self._folder)):
            return None
        path = Path(file)
        return path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else None


def what_there_is(message: str) -> list[str]:
    """Returns the decorators of a container, or the arguments of one, where an error says that another is not there."""
    if missing := _NO_ATTRIBUTE.search(message):
        kind = getattr(azure.functions, missing[1], None)
        is_container = isinstance(kind, type) and issubclass(kind, DecoratorApi)
        return [each for each in dir(kind) if not each.startswith(_NO_DECORATORS)] if is_container else []
    if refused := _NO_KEYWORD.search(message):
        decorator = getattr(azure.functions.FunctionApp, refused[1], None)
        return [each for each in inspect.signature(decorator).parameters if each != "self"] if decorator else []
    return []


def _builders(container: Any) -> list[Any]:
    return container._function_builders  # as register_functions reads them
