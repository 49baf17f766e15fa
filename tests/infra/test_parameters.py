"""What a deployment gets, from an environment with nothing set to one with everything on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra import parameters
from tests.infra.compiler import needs_compiler
from tests.infra.parameters import Resolved

pytestmark = needs_compiler
_INFRA = Path(__file__).resolve().parents[2] / "infra"
# What azd itself sets, for a person and for a pipeline.
_PERSON = {
    "AZURE_ENV_NAME": "dev",
    "AZURE_LOCATION": "eastus2",
    "AZURE_PRINCIPAL_ID": "p",
    "AZURE_PRINCIPAL_TYPE": "User",
}
_PIPELINE = {**_PERSON, "AZURE_PRINCIPAL_TYPE": "ServicePrincipal"}
_DEFAULTS = {
    "environmentName": "dev",
    "location": "eastus2",
    "userPrincipalId": "p",
    "userPrincipalType": "User",
    "pythonVersion": "3.13",
    "maximumInstances": 100,
    "instanceMemoryMB": 2048,
    "httpConcurrency": 0,
    "logDailyCapGB": 0,
    "blobSoftDeleteDays": 7,
    "alertEmail": "",
    "vnetEnabled": False,
    "sessionPoolEnabled": True,
    "sessionPoolEgressEnabled": False,
    "sessionPoolMaxSessions": 20,
    "sessionPoolCooldownSeconds": 300,
    "sessionPoolRoleId": "",
    "authClientId": "",
    "authAllowedClientIds": "aebc6443-996d-45c2-90f0-388ff96faa56",
}


type Resolve = Callable[[Mapping[str, str]], Resolved]


@pytest.fixture
def resolve(template: dict[str, Any]) -> Resolve:
    return lambda environment: parameters.resolve(_INFRA, template, environment)


def test_a_new_environment_asks_for_its_name_and_region_and_nothing_else(resolve: Resolve) -> None:
    assert resolve({}).problems == ("azd would ask for environmentName", "azd would ask for location")


def test_a_person_gets_the_defaults(resolve: Resolve) -> None:
    resolved = resolve(_PERSON)
    assert (resolved.values, resolved.problems) == (_DEFAULTS, ())


def test_a_pipeline_is_asked_nothing(resolve: Resolve) -> None:
    # A pipeline sets every variable that azure.yaml names; those that have no value are empty.
    empty = dict.fromkeys(
        ("VNET_ENABLED", "SESSION_POOL_MAX_SESSIONS", "MCP_AUTH_CLIENT_ID", "FUNCTION_PYTHON_VERSION"), ""
    )
    resolved = resolve({**_PIPELINE, **empty})
    assert (resolved.values, resolved.problems) == ({**_DEFAULTS, "userPrincipalType": "ServicePrincipal"}, ())


def test_everything_can_be_turned_on(resolve: Resolve) -> None:
    on = {
        "FUNCTION_PYTHON_VERSION": "3.14",
        "FUNCTION_MAX_INSTANCES": "1000",
        "FUNCTION_INSTANCE_MEMORY_MB": "4096",
        "FUNCTION_HTTP_CONCURRENCY": "16",
        "LOG_DAILY_CAP_GB": "1",
        "BLOB_SOFT_DELETE_DAYS": "30",
        "ALERT_EMAIL": "me@example.com",
        "VNET_ENABLED": "true",
        "SESSION_POOL_ENABLED": "1",
        "SESSION_POOL_EGRESS_ENABLED": "true",
        "SESSION_POOL_MAX_SESSIONS": "600",
        "SESSION_POOL_COOLDOWN_SECONDS": "3600",
        "SESSION_POOL_ROLE_ID": "f7669afb-68b2-44b4-9c5f-6d2a47fddda0",
        "MCP_AUTH_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
        "MCP_AUTH_ALLOWED_CLIENT_IDS": "a,b",
    }
    resolved = resolve({**_PERSON, **on})
    assert resolved.problems == ()
    assert resolved.values == {
        **_DEFAULTS,
        "pythonVersion": "3.14",
        "maximumInstances": 1000,
        "instanceMemoryMB": 4096,
        "httpConcurrency": 16,
        "logDailyCapGB": 1,
        "blobSoftDeleteDays": 30,
        "alertEmail": "me@example.com",
        "vnetEnabled": True,
        "sessionPoolEnabled": True,
        "sessionPoolEgressEnabled": True,
        "sessionPoolMaxSessions": 600,
        "sessionPoolCooldownSeconds": 3600,
        "sessionPoolRoleId": "f7669afb-68b2-44b4-9c5f-6d2a47fddda0",
        "authClientId": "11111111-2222-3333-4444-555555555555",
        "authAllowedClientIds": "a,b",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_LOCATION", "southcentralus"),
        ("AZURE_PRINCIPAL_TYPE", "Person"),
        ("FUNCTION_PYTHON_VERSION", "3.11"),
        ("FUNCTION_MAX_INSTANCES", "0"),
        ("FUNCTION_INSTANCE_MEMORY_MB", "1024"),
        ("FUNCTION_HTTP_CONCURRENCY", "1001"),
        ("LOG_DAILY_CAP_GB", "-1"),
        ("BLOB_SOFT_DELETE_DAYS", "366"),
        ("VNET_ENABLED", "yes"),
        ("SESSION_POOL_MAX_SESSIONS", "4"),
        ("SESSION_POOL_MAX_SESSIONS", "many"),
        ("SESSION_POOL_COOLDOWN_SECONDS", "3601"),
    ],
)
def test_a_wrong_value_is_refused_before_anything_is_made(resolve: Resolve, name: str, value: str) -> None:
    assert resolve({**_PERSON, name: value}).problems
