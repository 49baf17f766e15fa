"""What azd makes of infra/main.parameters.json in a given environment, and what Azure would say of it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# https://github.com/drone/envsubst, the part of it that azd's documentation names.
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)(?:=(?P<default>[^}]*))?\}")


@dataclass(frozen=True)
class Resolved:
    """The parameters that a deployment would get."""

    values: dict[str, object]
    problems: tuple[str, ...]
    """Why azd would ask, or Azure refuse."""


def resolve(infra: Path, template: Mapping[str, Any], environment: Mapping[str, str]) -> Resolved:
    """Returns the value of each parameter of main.bicep, which `template` is compiled from."""
    written = written_values(infra)
    declared: dict[str, dict[str, Any]] = template["parameters"]
    problems = [
        f"main.parameters.json sets {name}, which main.bicep does not have" for name in written.keys() - declared
    ]
    values: dict[str, object] = {}
    for name, parameter in declared.items():
        # A value that ends empty is left out, so that the default in main.bicep holds.
        text = _VARIABLE.sub(
            lambda match: environment.get(match["name"]) or match["default"] or "", written.get(name, "")
        )
        if not text and "defaultValue" not in parameter:
            problems.append(f"azd would ask for {name}")
            continue
        try:
            values[name] = _typed(text, parameter["type"]) if text else parameter["defaultValue"]
        except ValueError:
            problems.append(f"{name} is a {parameter['type']}, not {text!r}")
            continue
        problems += (f"{name} is {text!r}: {reason}" for reason in _refusals(values[name], parameter))
    return Resolved(values, tuple(problems))


def written_values(infra: Path) -> dict[str, str]:
    """Returns what main.parameters.json holds: an expression for each parameter."""
    file = json.loads((infra / "main.parameters.json").read_text(encoding="utf-8"))
    return {name: str(parameter["value"]) for name, parameter in file["parameters"].items()}


def variables(infra: Path) -> set[str]:
    """Returns the names of the environment variables that the file reads."""
    return {match["name"] for value in written_values(infra).values() for match in _VARIABLE.finditer(value)}


def _typed(text: str, wanted: str) -> object:
    if wanted == "bool":
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "1")
    return int(text) if wanted == "int" else text


def _refusals(value: Any, parameter: Mapping[str, Any]) -> Iterator[str]:
    if "allowedValues" in parameter and value not in parameter["allowedValues"]:
        yield "not allowed"
    if value < parameter.get("minValue", value):
        yield f"less than {parameter['minValue']}"
    if value > parameter.get("maxValue", value):
        yield f"more than {parameter['maxValue']}"
    if "minLength" in parameter and len(value) < parameter["minLength"]:
        yield "too short"
    if "maxLength" in parameter and len(value) > parameter["maxLength"]:
        yield "too long"
