"""What must hold of the files that deploy, and no compiler looks at. Each check yields a sentence for each breach."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.infra import parameters

_FORBIDDEN = {
    r"\blist(Keys|Secrets|AccountSas|ServiceSas|Credentials)\b": "keys are not read: roles do",
    r"'(br|ts)[:/]": "modules from a registry need a network to compile",
    r"^\s*(extension|import|using)\b": "extensions need a network to compile",
    r"AccountKey=|SharedAccessKey": "a connection string holds a key",
    r"@secure\(": "there is no secret to pass",
}
# What azd fills in by itself, for a person and in a pipeline.
OF_AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID", "AZURE_PRINCIPAL_TYPE"}
# What the hooks read and the templates do not.
OF_HOOKS = {"MCP_AUTH_SERVICE_MANAGEMENT_REFERENCE"}


def problems(root: Path) -> list[str]:
    """Returns every breach in the repository at `root`."""
    return [problem for check in _CHECKS for problem in check(root)]


def _nothing_forbidden(root: Path) -> Iterator[str]:
    for path in sorted((root / "infra").glob("*.bicep")):
        for pattern, reason in _FORBIDDEN.items():
            if re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE):
                yield f"{path.name}: {reason}"
    if (root / "infra" / "main.bicepparam").exists():
        yield "infra: azd would take main.bicepparam, which does not know AZURE_PRINCIPAL_TYPE, before the JSON"


def azure_yaml(root: Path) -> dict[str, Any]:
    """Returns azure.yaml."""
    return yaml.safe_load((root / "azure.yaml").read_text(encoding="utf-8"))


def _a_pipeline_has_every_variable(root: Path) -> Iterator[str]:
    read = parameters.variables(root / "infra") - OF_AZD | OF_HOOKS
    for name in sorted(read ^ set(azure_yaml(root)["pipeline"]["variables"])):
        yield f"azure.yaml: pipeline.variables and what the templates and hooks read do not both have {name}"


def _azure_yaml(root: Path) -> Iterator[str]:
    project = azure_yaml(root)
    # The published schema takes any other key, so a slip of the pen would go unnoticed.
    for key in sorted(project.keys() - {"name", "metadata", "requiredVersions", "services", "hooks", "pipeline"}):
        yield f"azure.yaml: {key} is no key of azd"
    ((name, service),) = project["services"].items()
    wanted = {"project": "./src", "language": "python", "host": "function", "remoteBuild": True}
    if service != wanted:
        yield f"azure.yaml: the service is {service}, not {wanted}"
    if f"'azd-service-name': '{name}'" not in (root / "infra" / "function-app.bicep").read_text(encoding="utf-8"):
        yield f"function-app.bicep: azd looks for the tag azd-service-name {name}"
    for needed in ("host.json", "requirements.txt", "function_app.py", ".funcignore"):
        if not (root / "src" / needed).exists():
            yield f"src/{needed} is not there"
    for event, hook in project["hooks"].items():
        for system, interpreter in (("windows", "python"), ("posix", "python3")):
            command = hook[system]["run"].split()
            if command[0] != interpreter or not (root / command[1]).exists():
                yield f"azure.yaml: {event} runs {hook[system]['run']} on {system}"


def _abbreviations(root: Path) -> Iterator[str]:
    names = set(json.loads((root / "infra" / "abbreviations.json").read_text(encoding="utf-8")))
    main = (root / "infra" / "main.bicep").read_text(encoding="utf-8")
    for name in sorted(names ^ set(re.findall(r"\babbreviations\.(\w+)\}", main))):
        yield f"abbreviations.json: {name} is not in both it and main.bicep"


_CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (
    _nothing_forbidden,
    _a_pipeline_has_every_variable,
    _azure_yaml,
    _abbreviations,
)
