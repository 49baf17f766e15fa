"""The Bicep compiler itself, where there is one: it is silent on every file, with every rule on, and changes none.

It is looked for on the PATH, and where azd and the Azure CLI keep theirs.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_INFRA = Path(__file__).resolve().parents[2] / "infra"
_FILES = sorted(each.name for each in _INFRA.glob("*.bicep"))
_SECONDS = 60


def _compiler() -> str | None:
    own = [Path.home() / folder / "bin" for folder in (".azd", ".azure")]
    return shutil.which("bicep", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, own)]))


pytestmark = pytest.mark.skipif(
    _compiler() is None, reason="there is no Bicep compiler on the PATH, in ~/.azd/bin or in ~/.azure/bin"
)


def _bicep(*arguments: str) -> subprocess.CompletedProcess[str]:
    compiler = _compiler()
    assert compiler is not None
    # Where the system has no ICU, .NET would not start.
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    return subprocess.run(
        [compiler, *arguments], env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )


def _built() -> dict[str, Any]:
    done = _bicep("build", str(_INFRA / "main.bicep"), "--stdout")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def _resources(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the resources of a template and of the modules in it."""
    found: list[dict[str, Any]] = []
    declared = template["resources"]
    for resource in declared.values() if isinstance(declared, dict) else declared:
        nested = resource.get("properties", {}).get("template") if resource["type"].endswith("/deployments") else None
        found += _resources(nested) if nested else [resource]
    return found


def test_it_builds_the_deployment_without_a_word() -> None:
    types = {each["type"] for each in _resources(_built())}
    assert {
        "Microsoft.Web/sites", "Microsoft.Web/serverfarms", "Microsoft.Storage/storageAccounts",
        "Microsoft.App/sessionPools", "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.Insights/components", "Microsoft.Authorization/roleAssignments",
    } <= types  # fmt: skip


def test_the_site_sends_nothing_that_flex_consumption_refuses() -> None:
    (site,) = [each for each in _resources(_built()) if each["type"] == "Microsoft.Web/sites"]
    assert site["properties"]["siteConfig"] == {"minTlsVersion": "1.2"}


@pytest.mark.parametrize("name", _FILES)
def test_its_linter_has_nothing_to_say_and_its_formatter_changes_nothing(name: str) -> None:
    linted = _bicep("lint", str(_INFRA / name))
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")
    formatted = _bicep("format", str(_INFRA / name), "--stdout")
    assert formatted.stdout == (_INFRA / name).read_text(encoding="utf-8")
