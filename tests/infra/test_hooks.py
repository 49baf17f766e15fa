"""What `azd up` says before it provisions, after it has, and at the end."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

import after_up
import before_provision
import pytest
from azd import Azure, HookError

from tests.infra import parameters
from tests.infra.azure_stand_in import GROUP, running_azure
from tests.servers import free_port

_HOOKS = Path(__file__).resolve().parents[2] / "infra" / "hooks"
_ENVIRONMENT = {"AZURE_ENV_NAME": "dev", "AZURE_SUBSCRIPTION_ID": "s", "AZURE_LOCATION": "eastus2"}
_CLIENT_ID = "11111111-2222-3333-4444-555555555555"
_PERMISSIONS = "GET /arm/subscriptions/s/providers/Microsoft.Authorization/permissions"
_PERMISSIONS_IN_GROUP = f"GET /arm{GROUP}/providers/Microsoft.Authorization/permissions"
_PROVIDER = "GET /arm/subscriptions/s/providers/Microsoft.App"
_OWNER = (200, {"value": [{"actions": ["*"], "notActions": []}]})
_CONTRIBUTOR = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"]}
_RBAC_ADMINISTRATOR = {"actions": ["Microsoft.Authorization/roleAssignments/write", "*/read"], "notActions": []}


def _run(hook: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    # Without a PATH there is no azd, as for somebody who runs a hook by hand.
    kept = {name: value for name, value in os.environ.items() if name.upper() in ("SYSTEMROOT", "TEMP", "TMP")}
    return subprocess.run(
        [sys.executable, str(_HOOKS / hook)], env={**kept, "PATH": "", **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


# Each variable that azd writes into main.parameters.json: what is wrong with it, and what is said.
_WRONG = [
    ("AZURE_ENV_NAME", ("dev.", " ", "dev ", "d/v", "n" * 65), "without a dot at its end, 64 at most, not"),
    ("AZURE_LOCATION", ("southcentralus", " ", "eastus2 ", "East US 2"), "is one of australiaeast, "),
    ("AZURE_PRINCIPAL_ID", ("me", " ", "me@example.com"), "is the object id of who deploys, or empty, not"),
    ("AZURE_PRINCIPAL_TYPE", ("Person", " ", "user"), "is one of User, ServicePrincipal, Group, not"),
    ("FUNCTION_PYTHON_VERSION", ("3.11", " ", "3", "three"), "is one of 3.12, 3.13, 3.14, not"),
    ("FUNCTION_MAX_INSTANCES", ("0", "1001", " ", "ten", "1.5", "9" * 5000), "is a whole number from 1 to 1000, not"),
    ("FUNCTION_INSTANCE_MEMORY_MB", ("1024", " ", "2 GB"), "is one of 512, 2048, 4096, not"),
    ("FUNCTION_HTTP_CONCURRENCY", ("-1", "1001", " ", "16 "), "is a whole number from 0 to 1000, not"),
    ("LOG_DAILY_CAP_GB", ("-1", "1001", " ", "0.5"), "is a whole number from 0 to 1000, not"),
    ("BLOB_SOFT_DELETE_DAYS", ("366", "-7", " ", "week"), "is a whole number from 0 to 365, not"),
    (
        "ALERT_EMAIL",
        ("me", " ", "me@example", "a@b.c,d@e.f", "me @example.com"),
        "is one e-mail address, or empty, not",
    ),
    ("VNET_ENABLED", ("yes", " ", "true ", "2"), "is true or false, not"),
    ("SESSION_POOL_ENABLED", ("on", " ", "2"), "is true or false, not"),
    ("SESSION_POOL_EGRESS_ENABLED", ("off", " ", "2"), "is true or false, not"),
    ("SESSION_POOL_MAX_SESSIONS", ("4", "601", " ", "5e1", "\u0665"), "is a whole number from 5 to 600, not"),
    ("SESSION_POOL_COOLDOWN_SECONDS", ("299", "3601", " ", "5m"), "is a whole number from 300 to 3600, not"),
    ("SESSION_POOL_ROLE_ID", ("Contributor", " "), "is the id of a role, or empty, not"),
    ("MCP_AUTH_CLIENT_ID", ("true", " ", "Create"), "is the client id of an app registration, `create`, or empty, not"),
    ("MCP_AUTH_ALLOWED_CLIENT_IDS", ("a;b", " ", ",", " a , b,", f"{_CLIENT_ID},"), "separated by commas, and nothing"),
]


@pytest.mark.parametrize(
    ("name", "value", "said"), [(name, value, said) for name, values, said in _WRONG for value in values]
)
def test_a_wrong_variable_is_told_in_one_sentence_before_anything_is_asked(name: str, value: str, said: str) -> None:
    nobody: list[Sequence[str]] = []
    azure = Azure(None, lambda arguments: nobody.append(arguments) or "")
    with pytest.raises(HookError) as told:
        before_provision.check({**_ENVIRONMENT, name: value}, azure)
    assert nobody == []
    (line,) = str(told.value).splitlines()
    assert line.startswith(f"{name} ")
    assert said in line
    assert f"'{value}'" in line
    assert "azd env " in line


def test_every_variable_of_a_deployment_is_checked() -> None:
    assert {name for name, _, _ in _WRONG} == parameters.variables(_HOOKS.parent)


@pytest.mark.parametrize("name", [name for name, _, _ in _WRONG if not name.startswith("AZURE_ENV")])
def test_an_empty_variable_is_the_default(name: str) -> None:
    assert list(before_provision.settings_problems({**_ENVIRONMENT, name: ""})) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_ENV_NAME", "A_(b).C-"),
        ("VNET_ENABLED", "True"),
        ("FUNCTION_HTTP_CONCURRENCY", "0"),
        ("FUNCTION_INSTANCE_MEMORY_MB", "512"),
        ("AZURE_PRINCIPAL_TYPE", "ServicePrincipal"),
        ("MCP_AUTH_ALLOWED_CLIENT_IDS", f"{_CLIENT_ID}, {_CLIENT_ID}"),
        ("ALERT_EMAIL", "first.last+mcp@sub.example.com"),
    ],
)
def test_what_may_be_is_taken(name: str, value: str) -> None:
    assert list(before_provision.settings_problems({**_ENVIRONMENT, name: value})) == []


def test_a_wrong_variable_stops_azd() -> None:
    done = _run("before_provision.py", {**_ENVIRONMENT, "VNET_ENABLED": "yes"})
    told = "VNET_ENABLED is true or false, not 'yes'. Change it: azd env set VNET_ENABLED true"
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", told)


def test_every_wrong_variable_is_named_at_once() -> None:
    done = _run("before_provision.py", {"VNET_ENABLED": "2", "FUNCTION_PYTHON_VERSION": "4"})
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["VNET_ENABLED", "FUNCTION_PYTHON_VERSION"]


def test_without_azd_a_hook_says_where_to_get_it() -> None:
    done = _run("before_provision.py", _ENVIRONMENT)
    assert (done.returncode, done.stderr.strip()) == (2, "azd was not found. Install it: https://aka.ms/azd")


def test_before_azd_has_asked_for_the_subscription_nothing_is_asked_of_azure() -> None:
    assert _run("before_provision.py", {"AZURE_ENV_NAME": "dev"}).returncode == 0


def test_an_owner_may_go_on() -> None:
    with running_azure({_PERMISSIONS: [_OWNER]}) as (stand_in, azure):
        before_provision.check(_ENVIRONMENT, azure)
        assert [request for request, _ in stand_in.asked] == [_PERMISSIONS]


@pytest.mark.parametrize(
    ("permissions", "environment", "said"),
    [
        ([], {}, "cannot deploy to subscription s"),
        ([{"actions": ["*/read"]}], {}, "cannot deploy to subscription s"),
        ([_CONTRIBUTOR], {}, "cannot assign roles in subscription s"),
        ([_CONTRIBUTOR, _RBAC_ADMINISTRATOR], {}, "cannot make a role in subscription s"),
    ],
)
@pytest.mark.parametrize("in_group", [None, [(404, None)]], ids=["the same in the group", "no group yet"])
def test_too_few_rights_are_told_before_anything_is_made(
    permissions: list[object], environment: dict[str, str], said: str, in_group: list[tuple[int, object]] | None
) -> None:
    of_the_subscription = [(200, {"value": permissions})]
    answers = {_PERMISSIONS: of_the_subscription, _PERMISSIONS_IN_GROUP: in_group or of_the_subscription}
    with running_azure(answers) as (_, azure), pytest.raises(HookError, match=said):
        before_provision.check({**_ENVIRONMENT, **environment}, azure)


@pytest.mark.parametrize(
    "environment", [{"SESSION_POOL_ENABLED": "false"}, {"SESSION_POOL_ROLE_ID": "f7669afb-68b2-44b4-9c5f-6d2a47fddda0"}]
)
def test_who_may_assign_roles_but_not_make_one_can_do_without(environment: dict[str, str]) -> None:
    answers = {_PERMISSIONS: [(200, {"value": [_CONTRIBUTOR, _RBAC_ADMINISTRATOR]})]}
    with running_azure(answers) as (_, azure):
        before_provision.check({**_ENVIRONMENT, **environment}, azure)


def test_rights_that_cannot_be_read_are_left_to_azure() -> None:
    with running_azure({_PERMISSIONS: [(403, {"error": {"message": "No."}})]}) as (_, azure):
        before_provision.check(_ENVIRONMENT, azure)


def test_an_azure_that_cannot_be_reached_is_left_to_azd() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    azure = Azure(None, lambda arguments: '{"token": "t"}', nowhere, pause=lambda seconds: None)
    before_provision.check(_ENVIRONMENT, azure)


def test_tokens_are_for_the_tenant_of_the_subscription() -> None:
    with running_azure({_PERMISSIONS: [_OWNER]}) as (stand_in, azure):
        before_provision.check(_ENVIRONMENT, azure)
    (arguments,) = stand_in.azd_calls
    assert arguments[-2:] == ["--tenant-id", "tenant"]


def test_a_virtual_network_needs_a_registered_provider() -> None:
    environment = {**_ENVIRONMENT, "VNET_ENABLED": "true"}
    states = [(200, {"registrationState": "NotRegistered"}), (200, {"registrationState": "Registered"})]
    with running_azure({_PERMISSIONS: [_OWNER], _PROVIDER: states}) as (_, azure):
        with pytest.raises(HookError, match=r"az provider register --namespace Microsoft\.App --wait"):
            before_provision.check(environment, azure)
        before_provision.check(environment, azure)


def test_an_owner_of_the_group_alone_is_warned(capsys: pytest.CaptureFixture[str]) -> None:
    answers = {
        _PERMISSIONS: [(200, {"value": [_CONTRIBUTOR]})],
        _PERMISSIONS_IN_GROUP: [_OWNER],
    }
    with running_azure(answers) as (_, azure):
        before_provision.check(_ENVIRONMENT, azure)
    assert "in its resource group alone" in capsys.readouterr().out


def test_a_pool_without_an_mcp_server_is_told_and_the_rest_is_deployed() -> None:
    done = _run("after_provision.py", {"SESSION_POOL_MCP_ENDPOINT": ""})
    assert (done.returncode, done.stderr) == (0, "")
    for part in ("launchShell", "SessionPoolsSupportMCP", "azd env set SESSION_POOL_ENABLED false"):
        assert part in done.stdout


@pytest.mark.parametrize(
    "environment", [{"SESSION_POOL_ENABLED": "false"}, {"SESSION_POOL_MCP_ENDPOINT": "https://x/mcp"}]
)
def test_of_a_pool_with_one_or_no_pool_nothing_is_said(environment: dict[str, str]) -> None:
    done = _run("after_provision.py", environment)
    assert (done.returncode, done.stdout) == (0, "")


_DEPLOYED = {
    **_ENVIRONMENT,
    "AZURE_RESOURCE_GROUP": "rg-dev",
    "AZURE_FUNCTION_NAME": "func-x",
    "SERVICE_MCP_ENDPOINT": "https://func-x.azurewebsites.net/runtime/webhooks/mcp",
}
_KEYS = "POST /arm/subscriptions/s/resourceGroups/rg-dev/providers/Microsoft.Web/sites/func-x/host/default/listKeys"
_READ = "az functionapp keys list --resource-group rg-dev --name func-x --query systemKeys.mcp_extension --output tsv"


def _shown(azure: Azure, capsys: pytest.CaptureFixture[str], **environment: str) -> str:
    after_up.show({**_DEPLOYED, **environment}, azure)
    return capsys.readouterr().out


def test_the_end_of_azd_up_shows_the_endpoint_and_how_to_read_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    with running_azure({_KEYS: [(200, {"systemKeys": {"mcp_extension": "K3Y"}})]}) as (_, azure):
        shown = _shown(azure, capsys)
    assert "MCP server endpoint: https://func-x.azurewebsites.net/runtime/webhooks/mcp\n" in shown
    assert _READ in shown
    assert "tests/smoke.py https://func-x" in shown
    assert "K3Y" not in shown
    assert "not started" not in shown


def test_the_end_of_azd_up_shows_what_to_enter_in_a_client(capsys: pytest.CaptureFixture[str]) -> None:
    with running_azure({_KEYS: [(200, {"systemKeys": {"mcp_extension": "K3Y"}})]}) as (_, azure):
        shown = _shown(azure, capsys)
    url = "https://func-x.azurewebsites.net/runtime/webhooks/mcp"
    entries = dict(re.findall(r"^  (VS Code|Claude Code|Others): +(.*)$", shown, re.MULTILINE))
    link = json.loads(unquote(entries["VS Code"].removeprefix("vscode:mcp/install?")))
    (asked,) = link.pop("inputs")
    headers = {"x-functions-key": f"${{input:{asked['id']}}}"}
    assert link == {"name": "remote-mcp-function", "type": "http", "url": url, "headers": headers}
    assert asked["password"] is True
    assert shlex.split(entries["Claude Code"])[-3:] == [url, "--header", "x-functions-key: KEY"]
    server = {"type": "http", "url": url, "headers": {"x-functions-key": "KEY"}}
    assert json.loads(entries["Others"]) == {"mcpServers": {"remote-mcp-function": server}}


def test_it_waits_for_a_key_that_the_app_has_not_made_yet(capsys: pytest.CaptureFixture[str]) -> None:
    late = [(404, None), (200, {"systemKeys": {}}), (200, {"systemKeys": {"mcp_extension": "K3Y"}})]
    with running_azure({_KEYS: late}) as (stand_in, azure):
        assert "not started" not in _shown(azure, capsys)
        assert len(stand_in.asked) == 3


@pytest.mark.parametrize(("status", "seconds"), [(429, 12 * 7), (503, 12 * 5), (404, 12 * 5)])
def test_it_waits_no_longer_where_azure_has_too_much_to_do(
    status: int, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_azure({_KEYS: [(status, {"error": {"message": "Later."}})]}) as (stand_in, azure):
        assert "could not be seen: Later." in _shown(azure, capsys)
        assert sum(stand_in.pauses) == seconds


def test_a_key_that_does_not_come_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with running_azure({_KEYS: [(200, {"systemKeys": {}})]}) as (_, azure):
        shown = _shown(azure, capsys)
    assert _READ in shown
    assert "azd monitor --logs" in shown


def test_keys_that_cannot_be_read_are_not_taken_for_an_app_that_does_not_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running_azure({_KEYS: [(403, {"error": {"message": "Not you."}})]}) as (stand_in, azure):
        shown = _shown(azure, capsys)
        assert stand_in.pauses == []
    assert "could not be seen: Not you." in shown
    assert "not started" not in shown
    assert _READ in shown


def test_where_clients_sign_in_no_key_is_mentioned(capsys: pytest.CaptureFixture[str]) -> None:
    with running_azure({}) as (stand_in, azure):
        shown = _shown(azure, capsys, MCP_AUTH_CLIENT_ID=_CLIENT_ID)
        assert stand_in.asked == []
    assert "Entra" in shown
    assert "x-functions-key" not in shown


def test_without_a_deployment_it_says_how_to_make_one() -> None:
    done = _run("after_up.py", _ENVIRONMENT)
    assert (done.returncode, "azd up" in done.stderr) == (2, True)
