"""The Bicep compiler is silent on every file, with every rule of its linter an error, and would write each as it is."""

import re
import shutil
from pathlib import Path
from typing import Any

import before_provision
import pytest

from tests.infra import parameters
from tests.infra.compiler import Compiler, needs_compiler

_INFRA = Path(__file__).resolve().parents[2] / "infra"
_FILES = sorted(each.name for each in _INFRA.glob("*.bicep"))
pytestmark = [needs_compiler, pytest.mark.timeout(180)]  # it takes its time to start


def test_it_builds_the_deployment_without_a_word(template: dict[str, Any]) -> None:
    assert template["resources"]


def test_every_rule_of_the_linter_is_an_error() -> None:
    levels = re.findall(r'"level": "(\w+)"', (_INFRA / "bicepconfig.json").read_text(encoding="utf-8"))
    assert set(levels) == {"error"}
    switched_off = [line for path in _INFRA.glob("*.bicep") for line in path.read_text().splitlines() if "#dis" in line]
    # Newer versions of session pools have no MCP server.
    assert switched_off == ["#disable-next-line use-recent-api-versions"]


@pytest.mark.parametrize("name", _FILES)
def test_its_formatter_changes_nothing(compiler: Compiler, name: str) -> None:
    assert compiler.format(_INFRA / name) == (_INFRA / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "right", "wrong", "said"),
    [
        ("storage.bicep", "allowSharedKeyAccess", "allowSharedKeysAccess", "storage.bicep: BCP089"),
        ("session-pool.bicep", "#disable-next-line use-recent-api-versions\n", "", "use-recent-api-versions"),
        ("identity.bicep", "param location string\n", "param location string\nvar left = 1\n", "no-unused-vars"),
        ("main.bicep", "    softDeleteDays: blobSoftDeleteDays\n", "", "main.bicep: BCP035"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(compiler: Compiler, tmp_path: Path, file: str, right: str, wrong: str, said: str) -> None:
    infra = tmp_path / "infra"
    shutil.copytree(_INFRA, infra, ignore=shutil.ignore_patterns("hooks"))
    text = (infra / file).read_text(encoding="utf-8")
    assert right in text
    (infra / file).write_text(text.replace(right, wrong), encoding="utf-8")
    _, told = compiler.compile(infra / "main.bicep")
    assert any(said in each for each in told), told


def test_azd_asks_for_the_name_and_the_region_alone(template: dict[str, Any]) -> None:
    asked = {name for name, parameter in template["parameters"].items() if "defaultValue" not in parameter}
    assert asked == {"environmentName", "location"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AZURE_LOCATION", "southcentralus", "not allowed"),
        ("AZURE_ENV_NAME", "n" * 65, "too long"),
        ("VNET_ENABLED", "yes", "is a bool"),
        ("FUNCTION_MAX_INSTANCES", "many", "is a int"),
        ("SESSION_POOL_MAX_SESSIONS", "4", "less than 5"),
        ("SESSION_POOL_COOLDOWN_SECONDS", "3601", "more than 3600"),
    ],
)
def test_what_the_hook_tells_azure_would_refuse(template: dict[str, Any], name: str, value: str, said: str) -> None:
    environment = {"AZURE_ENV_NAME": "dev", "AZURE_LOCATION": "eastus2", name: value}
    (problem,) = parameters.resolve(_INFRA, template, environment).problems
    assert said in problem
    assert list(before_provision.settings_problems(environment))


def test_a_default_is_the_same_in_the_template_and_in_what_azd_reads(template: dict[str, Any]) -> None:
    written = parameters.written_values(_INFRA)
    assert written.keys() == template["parameters"].keys()
    for name, parameter in template["parameters"].items():
        default = re.fullmatch(r"\$\{\w+(?:=(.*))?\}", written[name])
        assert default
        assert (default[1] or "").lower() == str(parameter.get("defaultValue", "")).lower()


def test_the_hook_knows_the_same_limits(template: dict[str, Any]) -> None:
    written = parameters.written_values(_INFRA)
    limits = {
        re.sub(r"\$\{(\w+).*", r"\1", written[name]): (parameter["minValue"], parameter["maxValue"])
        for name, parameter in template["parameters"].items()
        if "minValue" in parameter
    }
    assert {name: (least, most) for name, least, most, _ in before_provision.NUMBERS} == limits


def test_no_region_without_session_pools_is_offered(template: dict[str, Any]) -> None:
    offered = template["parameters"]["location"]["allowedValues"]
    # The one region of Flex Consumption that has none, and one that is for tests.
    assert not {"southcentralus", "eastus2euap"} & set(offered)
    assert "eastus2" in offered
