"""What azd makes of infra/main.parameters.json in a given environment."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.infra import bicep

# https://github.com/drone/envsubst, the part of it that azd's documentation names.
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)(?:=(?P<default>[^}]*))?\}")


@dataclass(frozen=True)
class Resolved:
    """The parameters that a deployment would get."""

    values: dict[str, object]
    problems: tuple[str, ...]
    """Why azd would ask, or Azure refuse."""


def resolve(infra: Path, environment: Mapping[str, str]) -> Resolved:
    """Returns the value of each parameter of main.bicep."""
    file = json.loads((infra / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    declared = bicep.read(infra / "main.bicep").of("param")
    problems = [f"main.parameters.json sets {name}, which main.bicep does not have" for name in file.keys() - declared]
    values: dict[str, object] = {}
    for name, parameter in declared.items():
        # A value that ends empty is left out, so that the default in main.bicep holds.
        text = _substituted(str(file.get(name, {}).get("value", "")), environment)
        text = text or (parameter.default or "").strip("'")
        if parameter.default is None and not text:
            problems.append(f"azd would ask for {name}")
            continue
        try:
            values[name] = _typed(text, parameter.type)
        except ValueError:
            problems.append(f"{name} is a {parameter.type}, not {text!r}")
            continue
        problems += (f"{name} is {text!r}: {reason}" for reason in _refusals(values[name], parameter))
    return Resolved(values, tuple(problems))


def variables(infra: Path) -> set[str]:
    """Returns the names of the environment variables that the file reads."""
    text = (infra / "main.parameters.json").read_text(encoding="utf-8")
    return {match["name"] for match in _VARIABLE.finditer(text)}


def _substituted(text: str, environment: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: environment.get(match["name"]) or match["default"] or "", text)


def _typed(text: str, wanted: str) -> object:
    if wanted == "bool":
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "1")
    return int(text) if wanted == "int" else text


def _refusals(value: object, parameter: bicep.Declaration) -> Iterator[str]:
    for decorator in parameter.decorators:
        name, argument = decorator.rstrip(")").split("(", 1)
        size = len(str(value))
        match name:
            case "allowed" if value not in re.findall(r"'([^']+)'", argument):
                yield "not allowed"
            case "minValue" if isinstance(value, int) and value < int(argument):
                yield f"less than {argument}"
            case "maxValue" if isinstance(value, int) and value > int(argument):
                yield f"more than {argument}"
            case "minLength" if size < int(argument):
                yield "too short"
            case "maxLength" if size > int(argument):
                yield "too long"
            case _:
                pass
