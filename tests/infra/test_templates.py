"""The templates: the Bicep compiler is silent on them, and predicts what each way to switch them makes."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import before_provision
import pytest

from tests.infra import parameters
from tests.infra.compiler import SUBSCRIPTION, TENANT, Compiler, Snapshot, needs_compiler
from tests.infra.conftest import Deploy
from tests.infra.settings import LOCAL_ONLY, settings_read

pytestmark = [needs_compiler, pytest.mark.timeout(180)]  # it takes its time to start
_ROOT = Path(__file__).resolve().parents[2]
_SRC = _ROOT / "src"
_INFRA = _ROOT / "infra"
_FILES = sorted(each.name for each in _INFRA.glob("*.bicep"))
_DEPLOY_JSON = _ROOT / "deploy.json"
_USER = "11111111-1111-1111-1111-111111111111"
_CLIENT = "44444444-4444-4444-4444-444444444444"
_VISUAL_STUDIO_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"
_CONTRIBUTOR_OF_POOLS = "f7669afb-68b2-44b4-9c5f-6d2a47fddda0"
_PERSON = {
    "AZURE_ENV_NAME": "dev",
    "AZURE_LOCATION": "eastus2",
    "AZURE_PRINCIPAL_ID": _USER,
    "AZURE_PRINCIPAL_TYPE": "User",
}
_ENTRA = {**_PERSON, "MCP_AUTH_CLIENT_ID": _CLIENT}
_VARIANTS: dict[str, dict[str, str]] = {
    "default": _PERSON,
    "service principal": {**_PERSON, "AZURE_PRINCIPAL_TYPE": "ServicePrincipal"},
    "no user": {**_PERSON, "AZURE_PRINCIPAL_ID": ""},
    "virtual network": {**_PERSON, "VNET_ENABLED": "true"},
    "Entra": _ENTRA,
    "Entra with a list": {**_ENTRA, "MCP_AUTH_ALLOWED_CLIENT_IDS": f"{_VISUAL_STUDIO_CODE},{_USER}"},
    "Entra with an odd list": {**_ENTRA, "MCP_AUTH_ALLOWED_CLIENT_IDS": " a , b,"},
    "Entra with a list of nothing": {**_ENTRA, "MCP_AUTH_ALLOWED_CLIENT_IDS": " , "},
    "no pool": {**_PERSON, "SESSION_POOL_ENABLED": "false"},
    "role given": {**_PERSON, "SESSION_POOL_ROLE_ID": _CONTRIBUTOR_OF_POOLS},
    "egress": {**_PERSON, "SESSION_POOL_EGRESS_ENABLED": "true"},
    "other sizes": {
        **_PERSON,
        "FUNCTION_PYTHON_VERSION": "3.14",
        "FUNCTION_MAX_INSTANCES": "40",
        "FUNCTION_INSTANCE_MEMORY_MB": "512",
        "FUNCTION_HTTP_CONCURRENCY": "16",
        "LOG_DAILY_CAP_GB": "2",
        "BLOB_SOFT_DELETE_DAYS": "0",
        "ALERT_EMAIL": "me@example.com",
    },
    "longest name": {**_PERSON, "AZURE_ENV_NAME": "n" * 64},
    "oddest name": {**_PERSON, "AZURE_ENV_NAME": "A_(b).C-"},
}
_ALWAYS = Counter(
    {
        "Microsoft.Resources/resourceGroups": 1,
        "Microsoft.ManagedIdentity/userAssignedIdentities": 1,
        "Microsoft.OperationalInsights/workspaces": 1,
        "Microsoft.Insights/components": 1,
        "Microsoft.Storage/storageAccounts": 1,
        "Microsoft.Storage/storageAccounts/blobServices": 1,
        "Microsoft.Storage/storageAccounts/blobServices/containers": 2,
        "Microsoft.Web/serverfarms": 1,
        "Microsoft.Web/sites": 1,
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies": 2,
        "Microsoft.Web/sites/config": 2,
    }
)
_POOL = Counter({"Microsoft.App/sessionPools": 1, "Microsoft.Authorization/roleDefinitions": 1})
_NETWORK = Counter(
    {
        "Microsoft.Network/virtualNetworks": 1,
        "Microsoft.Network/privateDnsZones": 2,
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks": 2,
        "Microsoft.Network/privateEndpoints": 2,
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": 2,
    }
)
_ALERT = Counter({"Microsoft.Insights/actionGroups": 1, "Microsoft.Insights/metricAlerts": 1})
_MADE = {
    "virtual network": _ALWAYS + _POOL + _NETWORK,
    "no pool": _ALWAYS,
    "role given": _ALWAYS + Counter({"Microsoft.App/sessionPools": 1}),
    "other sizes": _ALWAYS + _POOL + _ALERT,
}
_SETTINGS = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AZURE_CLIENT_ID",
}
_POOL_SETTINGS = {"SESSION_POOL_RESOURCE_ID", "SESSION_POOL_MCP_ENDPOINT"}
_ENTRA_SETTINGS = {
    "AzureFunctionsJobHost__extensions__mcp__system__webhookAuthorizationLevel": "Anonymous",
    "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES": f"api://{_CLIENT}/user_impersonation",
}
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
_ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    _CONTRIBUTOR_OF_POOLS: "Container Apps SessionPools Contributor",
}
_STORAGE, _TELEMETRY, _POOLS = "storageAccounts", "components", "sessionPools"
_APP_GRANTS = {
    ("the app", "Storage Blob Data Owner", _STORAGE),
    ("the app", "Storage Queue Data Contributor", _STORAGE),
    ("the app", "Monitoring Metrics Publisher", _TELEMETRY),
    ("the app", "its own role", _POOLS),
}


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


def _grants(snapshot: Snapshot) -> set[tuple[str, str, str]]:
    """Returns who is given which role on what."""
    own = {role["name"]: "its own role" for role in snapshot.of("Microsoft.Authorization/roleDefinitions")}
    found: set[tuple[str, str, str]] = set()
    for assignment in snapshot.of("Microsoft.Authorization/roleAssignments"):
        properties = assignment["properties"]
        kind, principal = properties["principalType"], properties["principalId"]
        who = "the app" if "userAssignedIdentities" in principal and kind == "ServicePrincipal" else kind
        assert who == "the app" or principal == _USER
        role = properties["roleDefinitionId"].rpartition("/")[2]
        on = re.search(
            r"/(\w+)/[\w-]+/providers/Microsoft.Authorization/roleAssignments/[0-9a-f-]{36}$", assignment["id"]
        )
        assert on, "a role for more than one resource, or an assignment whose name changes with every deployment"
        found.add((who, {**_ROLES, **own}[role], on[1]))
    return found


def _site(snapshot: Snapshot) -> dict[str, Any]:
    return snapshot.one("Microsoft.Web/sites")["properties"]


def _settings(snapshot: Snapshot) -> dict[str, str]:
    return snapshot.one("Microsoft.Web/sites/config", "/appsettings")["properties"]


def _authentication(snapshot: Snapshot) -> dict[str, Any]:
    return snapshot.one("Microsoft.Web/sites/config", "/authsettingsV2")["properties"]


@pytest.mark.parametrize("name", _VARIANTS)
def test_it_makes_what_it_is_to_and_nothing_else(deploy: Deploy, name: str) -> None:
    snapshot = deploy(_VARIANTS[name])
    made = Counter(each["type"] for each in snapshot.resources)
    del made["Microsoft.Authorization/roleAssignments"]
    assert made == _MADE.get(name, _ALWAYS + _POOL)
    for each in snapshot.resources:
        assert "preview" not in each["apiVersion"] or each["type"] == "Microsoft.App/sessionPools"


def test_a_pipeline_whose_variables_are_all_empty_deploys_the_default(deploy: Deploy) -> None:
    pipeline = _VARIANTS["service principal"]
    empty = dict.fromkeys(parameters.variables(_INFRA) - pipeline.keys(), "")
    assert deploy({**empty, **pipeline}) == deploy(pipeline)


@pytest.mark.parametrize("name", _VARIANTS)
def test_the_app_gets_the_settings_that_it_needs(deploy: Deploy, name: str) -> None:
    settings = _settings(deploy(_VARIANTS[name]))
    wanted = _SETTINGS if name == "no pool" else _SETTINGS | _POOL_SETTINGS
    assert settings.keys() == (wanted | _ENTRA_SETTINGS.keys() if name.startswith("Entra") else wanted)
    assert (settings["AzureWebJobsStorage__credential"], settings["AZURE_CLIENT_ID"]) == (
        "managedidentity",
        settings["AzureWebJobsStorage__clientId"],
    )


def test_every_setting_that_src_reads_is_set(deploy: Deploy) -> None:
    settings = _settings(deploy(_ENTRA)).keys()
    given = settings | {name.partition("__")[0] for name in settings}
    assert settings_read(_SRC) - LOCAL_ONLY <= given
    assert not given & LOCAL_ONLY


@pytest.mark.parametrize("name", _VARIANTS)
def test_roles_are_given_to_those_who_need_them_on_one_resource_each(deploy: Deploy, name: str) -> None:
    user = {
        ("User", "Storage Blob Data Contributor", _STORAGE),
        ("User", "Storage Queue Data Contributor", _STORAGE),
        ("User", "its own role", _POOLS),
    }
    wanted = {
        "service principal": _APP_GRANTS | {("ServicePrincipal", role, on) for _, role, on in user},
        "no user": _APP_GRANTS,
        "no pool": {each for each in _APP_GRANTS | user if each[2] != _POOLS},
        "role given": {
            (who, "Container Apps SessionPools Contributor" if on == _POOLS else role, on)
            for who, role, on in _APP_GRANTS | user
        },
    }
    assert _grants(deploy(_VARIANTS[name])) == wanted.get(name, _APP_GRANTS | user)


def test_the_role_that_is_made_can_do_no_more_than_fetch_the_key_of_a_pool_in_the_group(deploy: Deploy) -> None:
    role = deploy(_PERSON).one("Microsoft.Authorization/roleDefinitions")["properties"]
    (permission,) = role["permissions"]
    assert permission == {
        "actions": ["Microsoft.App/sessionPools/read", "Microsoft.App/sessionPools/fetchMCPServerCredentials/action"],
        "notActions": [],
    }
    assert role["assignableScopes"] == [f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dev"]


def test_storage_takes_no_key_and_shows_nothing_to_strangers(deploy: Deploy) -> None:
    snapshot = deploy(_PERSON)
    account = snapshot.one("Microsoft.Storage/storageAccounts")["properties"]
    assert account == {
        "accessTier": "Hot",
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "allowSharedKeyAccess": False,
        "defaultToOAuthAuthentication": True,
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"bypass": "None", "defaultAction": "Allow"},
    }
    containers = snapshot.of("Microsoft.Storage/storageAccounts/blobServices/containers")
    assert [each["properties"] for each in containers] == [{"publicAccess": "None"}] * 2
    assert containers[1]["name"].endswith("/snippets")


def test_deleted_snippets_can_be_brought_back_for_a_week_unless_told_otherwise(deploy: Deploy) -> None:
    def retention(name: str) -> dict[str, object]:
        blobs = deploy(_VARIANTS[name]).one("Microsoft.Storage/storageAccounts/blobServices")
        return blobs["properties"]["deleteRetentionPolicy"]

    assert retention("default") == {"enabled": True, "days": 7}
    assert retention("other sizes") == {"enabled": False}


def test_the_site_is_what_flex_consumption_takes(deploy: Deploy) -> None:
    snapshot = deploy(_PERSON)
    plan = snapshot.one("Microsoft.Web/serverfarms")
    assert (plan["sku"], plan["properties"]) == ({"name": "FC1", "tier": "FlexConsumption"}, {"reserved": True})
    site = _site(snapshot)
    assert site["siteConfig"] == {"minTlsVersion": "1.2"}
    assert site["httpsOnly"] is True
    assert site["virtualNetworkSubnetId"] is None
    assert site["functionAppConfig"]["scaleAndConcurrency"] == {"maximumInstanceCount": 100, "instanceMemoryMB": 2048}
    assert site["functionAppConfig"]["runtime"] == {"name": "python", "version": "3.13"}
    storage = site["functionAppConfig"]["deployment"]["storage"]
    container = snapshot.of("Microsoft.Storage/storageAccounts/blobServices/containers")[0]["name"].rpartition("/")[2]
    assert f"primaryEndpoints.blob, '{container}'" in storage["value"]
    (identity,) = snapshot.one("Microsoft.Web/sites")["identity"]["userAssignedIdentities"]
    assert storage["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": identity,
    }
    for each in snapshot.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies"):
        assert each["properties"] == {"allow": False}


def test_azd_finds_the_group_and_the_site_by_their_tags(deploy: Deploy) -> None:
    snapshot = deploy(_PERSON)
    assert snapshot.one("Microsoft.Resources/resourceGroups")["tags"] == {"azd-env-name": "dev"}
    assert snapshot.one("Microsoft.Web/sites")["tags"] == {"azd-env-name": "dev", "azd-service-name": "mcp"}


def test_sizes_can_be_chosen(deploy: Deploy) -> None:
    snapshot = deploy(_VARIANTS["other sizes"])
    config = _site(snapshot)["functionAppConfig"]
    assert config["scaleAndConcurrency"] == {
        "maximumInstanceCount": 40,
        "instanceMemoryMB": 512,
        "triggers": {"http": {"perInstanceConcurrency": 16}},
    }
    assert config["runtime"]["version"] == "3.14"


def test_logs_are_kept_a_month_and_limited_only_when_asked(deploy: Deploy) -> None:
    def workspace(name: str) -> dict[str, Any]:
        return deploy(_VARIANTS[name]).one("Microsoft.OperationalInsights/workspaces")["properties"]

    assert workspace("default")["retentionInDays"] == 30
    assert workspace("default")["features"]["disableLocalAuth"] is True
    assert workspace("default")["workspaceCapping"] == {"dailyQuotaGb": -1}
    assert workspace("other sizes")["workspaceCapping"] == {"dailyQuotaGb": 2}
    component = deploy(_PERSON).one("Microsoft.Insights/components")["properties"]
    assert (component["DisableLocalAuth"], component["Application_Type"]) == (True, "web")


def test_somebody_is_told_of_failing_requests_only_when_asked(deploy: Deploy) -> None:
    snapshot = deploy(_VARIANTS["other sizes"])
    group = snapshot.one("Microsoft.Insights/actionGroups")
    (receiver,) = group["properties"]["emailReceivers"]
    assert receiver["emailAddress"] == "me@example.com"
    assert len(group["properties"]["groupShortName"]) <= 12
    alert = snapshot.one("Microsoft.Insights/metricAlerts")["properties"]
    assert alert["actions"] == [{"actionGroupId": group["id"]}]
    assert alert["scopes"] == [snapshot.one("Microsoft.Insights/components")["id"]]
    assert alert["criteria"]["allOf"][0]["metricName"] == "requests/failed"


def test_a_pool_has_its_mcp_server_on_and_no_internet_unless_asked(deploy: Deploy) -> None:
    pool = deploy(_PERSON).one("Microsoft.App/sessionPools")
    assert pool["apiVersion"] == "2025-10-02-preview"
    assert pool["properties"] == {
        "poolManagementType": "Dynamic",
        "containerType": "PythonLTS",
        "scaleConfiguration": {"maxConcurrentSessions": 20},
        "dynamicPoolConfiguration": {
            "lifecycleConfiguration": {"lifecycleType": "Timed", "cooldownPeriodInSeconds": 300}
        },
        "sessionNetworkConfiguration": {"status": "EgressDisabled"},
        "mcpServerSettings": {"isMcpServerEnabled": True},
    }
    egress = deploy(_VARIANTS["egress"]).one("Microsoft.App/sessionPools")["properties"]
    assert egress["sessionNetworkConfiguration"] == {"status": "EgressEnabled"}


def test_deploy_json_makes_the_same_pool(deploy: Deploy) -> None:
    alone = json.loads(_DEPLOY_JSON.read_text(encoding="utf-8"))
    (pool,) = alone["resources"]
    assert alone["parameters"]["egress"]["defaultValue"] == "EgressDisabled"
    given = {"egress": '"EgressDisabled"', "maxConcurrentSessions": "20", "cooldownPeriodInSeconds": "300"}
    assert given.keys() | {"name", "location"} == alone["parameters"].keys()
    properties = json.dumps(pool["properties"])
    for name, value in given.items():
        assert f"\"[parameters('{name}')]\"" in properties
        properties = properties.replace(f"\"[parameters('{name}')]\"", value)
    same = deploy(_PERSON).one("Microsoft.App/sessionPools")
    assert (pool["type"], pool["apiVersion"]) == (same["type"], same["apiVersion"])
    assert json.loads(properties) == same["properties"]


def test_a_virtual_network_closes_storage_to_everybody_else(deploy: Deploy) -> None:
    snapshot = deploy(_VARIANTS["virtual network"])
    account = snapshot.one("Microsoft.Storage/storageAccounts")
    assert account["properties"]["publicNetworkAccess"] == "Disabled"
    assert account["properties"]["networkAcls"] == {"bypass": "None", "defaultAction": "Deny"}
    endpoints, app = snapshot.one("Microsoft.Network/virtualNetworks")["properties"]["subnets"]
    assert app["properties"]["delegations"][0]["properties"] == {"serviceName": "Microsoft.App/environments"}
    assert app["properties"]["defaultOutboundAccess"] is True  # to the pool, and to Application Insights
    assert "_" not in app["name"]
    assert _site(snapshot)["virtualNetworkSubnetId"].endswith(f"/subnets/{app['name']}")
    for service in ("blob", "queue"):
        (endpoint,) = snapshot.of("Microsoft.Network/privateEndpoints", f"-{service}")
        (connection,) = endpoint["properties"]["privateLinkServiceConnections"]
        assert connection["properties"] == {"privateLinkServiceId": account["id"], "groupIds": [service]}
        assert endpoint["properties"]["subnet"]["id"].endswith(f"/subnets/{endpoints['name']}")
        # The rest of its name depends on the cloud.
        (zone,) = [one for one in snapshot.of("Microsoft.Network/privateDnsZones") if f"'{service}'" in one["name"]]
        group = snapshot.one("Microsoft.Network/privateEndpoints/privateDnsZoneGroups", f"-{service}/default")
        assert zone["name"].strip("[]") in str(group["properties"]["privateDnsZoneConfigs"][0]["properties"])


@pytest.mark.parametrize(
    "name", ["Entra", "Entra with a list", "Entra with an odd list", "Entra with a list of nothing"]
)
def test_with_entra_a_token_is_asked_for_and_the_key_is_not(deploy: Deploy, name: str) -> None:
    snapshot = deploy(_VARIANTS[name])
    assert _ENTRA_SETTINGS.items() <= _settings(snapshot).items()
    authentication = _authentication(snapshot)
    assert authentication["platform"] == {"enabled": True}
    assert authentication["globalValidation"] == {
        "requireAuthentication": True,
        "unauthenticatedClientAction": "Return401",
    }
    entra = authentication["identityProviders"]["azureActiveDirectory"]
    registration = entra["registration"]
    assert registration["clientId"] == _CLIENT
    # Which cloud it is only a deployment knows.
    assert registration["openIdIssuer"] == (
        f"[format('{{0}}{{1}}/v2.0', environment().authentication.loginEndpoint, '{TENANT}')]"
    )
    assert entra["validation"]["allowedAudiences"] == [_CLIENT, f"api://{_CLIENT}"]
    allowed = {
        "Entra": [_VISUAL_STUDIO_CODE],
        "Entra with a list": [_VISUAL_STUDIO_CODE, _USER],
        "Entra with an odd list": ["a", "b"],
        "Entra with a list of nothing": [],
    }[name]
    assert entra["validation"]["defaultAuthorizationPolicy"] == {"allowedApplications": [_CLIENT, *allowed]}


def test_without_entra_it_is_written_to_be_off(deploy: Deploy) -> None:
    authentication = _authentication(deploy(_PERSON))
    assert authentication["platform"] == {"enabled": False}
    assert authentication["globalValidation"]["requireAuthentication"] is False
    assert authentication["identityProviders"] == {}
    assert authentication["login"] == {"tokenStore": {"enabled": False}}


@pytest.mark.parametrize("name", ["longest name", "oddest name"])
def test_no_name_is_too_long_or_of_the_wrong_letters(deploy: Deploy, name: str) -> None:
    snapshot = deploy(_VARIANTS[name])
    patterns = {
        "Microsoft.Resources/resourceGroups": r"[\w.()-]{1,89}[\w()-]",
        "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
        "Microsoft.Web/sites": r"[a-z0-9][a-z0-9-]{1,58}[a-z0-9]",
        "Microsoft.App/sessionPools": r"[a-z][a-z0-9]{2,62}",
        "Microsoft.Storage/storageAccounts/blobServices/containers": r".*/[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    }
    for resource_type, pattern in patterns.items():
        for each in snapshot.of(resource_type):
            assert re.fullmatch(pattern, each["name"]), each["name"]


def test_outputs_are_names_of_variables_and_tell_no_secret(deploy: Deploy) -> None:
    outputs = deploy(_PERSON).outputs
    assert outputs.keys() == {
        "AZURE_LOCATION", "AZURE_TENANT_ID", "AZURE_RESOURCE_GROUP", "AZURE_FUNCTION_NAME",
        "AZURE_STORAGE_BLOB_ENDPOINT", "SERVICE_MCP_NAME", "SERVICE_MCP_ENDPOINT", "SESSION_POOL_RESOURCE_ID",
        "SESSION_POOL_MCP_ENDPOINT",
    }  # fmt: skip
    assert not any(re.search("ConnectionString|list|apiKey", value) for value in outputs.values())
    assert outputs["AZURE_RESOURCE_GROUP"] == "rg-dev"
    assert "/runtime/webhooks/mcp" in outputs["SERVICE_MCP_ENDPOINT"]
