"""The templates keep the policies, and each kind of mistake is caught without a compiler or Azure."""

import shutil
from pathlib import Path

import pytest

from tests.infra.policies import problems

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the policies read, to make mistakes in."""
    for folder in ("infra", "src"):
        shutil.copytree(_ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("azure.yaml", "deploy.json"):
        shutil.copy(_ROOT / file, tmp_path)
    return tmp_path


def test_the_templates_keep_every_policy() -> None:
    assert problems(_ROOT) == []


def test_a_copy_keeps_them_too(copy: Path) -> None:
    assert problems(copy) == []


# file, what stands there, the mistake, what the policies say of it
_MISTAKES = {
    "a property that does not exist": (
        "infra/storage.bicep", "allowSharedKeyAccess", "allowSharedKeysAccess", "allowSharedKeysAccess was not looked",
    ),
    "a property in the tutorial's spelling": (
        "infra/session-pool.bicep", "cooldownPeriodInSeconds:", "coolDownPeriodInSeconds:", "was not looked up",
    ),
    "shared keys left on": (
        "infra/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "is true, not false",
    ),
    "public blobs": ("infra/storage.bicep", "publicAccess: 'None'", "publicAccess: 'Blob'", "not 'None'"),
    "a property forgotten": ("infra/function-app.bicep", "    httpsOnly: true\n", "", "lacks properties.httpsOnly"),
    "telemetry by key": ("infra/monitoring.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false", "not true"),
    "passwords for deployment left on": ("infra/function-app.bicep", "allow: false", "allow: true", "is true"),
    "a role id of another role": (
        "infra/storage.bicep", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "storageBlobDataOwner is ba92f5b4",
    ),
    "a role id with a typing error": (
        "infra/monitoring.bicep", "3913510d-42f4", "3913510d-42f5", "which is not that role",
    ),
    "a role too few": (
        "infra/storage.bicep", "  storageQueueDataContributor\n", "", "lacks the role storageQueueDataContributor",
    ),
    "a role assignment without principalType": (
        "infra/storage.bicep", "      principalType: userPrincipalType\n", "", "a new identity is not found",
    ),
    "a principalType that fails in a pipeline": (
        "infra/storage.bicep", "principalType: userPrincipalType", "principalType: 'User'", "not userPrincipalType",
    ),
    "a role for the whole resource group": (
        "infra/session-pool.bicep", "  scope: pool\n", "", "for the whole resource group",
    ),
    "a name that changes with every deployment": (
        "infra/monitoring.bicep", "guid(component.id, appPrincipalId, monitoringMetricsPublisher)", "newGuid()",
        "not a guid()",
    ),
    "a wrong action in the custom role": (
        "infra/session-pool.bicep", "fetchMCPServerCredentials/action", "listMCPServerCredentials/action",
        "properties.permissions[0].actions is",
    ),
    "an app setting missing": (
        "infra/function-app.bicep", "        AZURE_CLIENT_ID: identityClientId\n", "", "AZURE_CLIENT_ID is missing",
    ),
    "an app setting misspelt": (
        "infra/function-app.bicep", "SESSION_POOL_MCP_ENDPOINT:", "SESSION_POOL_ENDPOINT:", "is not listed",
    ),
    "an app setting that nobody listed": (
        "infra/function-app.bicep", "AZURE_CLIENT_ID: identityClientId",
        "AZURE_CLIENT_ID: identityClientId\n        EXTRA: 'x'", "the setting EXTRA is not listed",
    ),
    "an app setting that Flex Consumption refuses": (
        "infra/function-app.bicep", "AZURE_CLIENT_ID: identityClientId",
        "AZURE_CLIENT_ID: identityClientId\n        FUNCTIONS_WORKER_RUNTIME: 'python'", "refuses FUNCTIONS_WORKER",
    ),
    "the pool's key in a setting": (
        "infra/function-app.bicep", "SESSION_POOL_RESOURCE_ID: sessionPoolId",
        "SESSION_POOL_RESOURCE_ID: sessionPoolId\n            SESSION_POOL_MCP_API_KEY: 'x'", "one machine only",
    ),
    "keys read in a template": (
        "infra/storage.bicep", "output id string = account.id",
        "output id string = account.listKeys().keys[0].value", "keys are not read",
    ),
    "a wrong service tag": (
        "infra/function-app.bicep", "'azd-service-name': 'mcp'", "'azd-service-name': 'api'", "azd looks for the tag",
    ),
    "a service of another name": ("azure.yaml", "\n  mcp:\n", "\n  api:\n", "azd looks for the tag"),
    "a misspelt language": ("azure.yaml", "language: python", "language: pyhton", "the service is"),
    "a misspelt key of azure.yaml": ("azure.yaml", "requiredVersions:", "requiredVersion:", "no key of azd"),
    "a hook that is not there": ("azure.yaml", "python3 infra/hooks/after_up.py", "python3 scripts/up.py", "postup"),
    "a parameter without a default": (
        "infra/main.bicep", "param vnetEnabled bool = false", "param vnetEnabled bool", "azd asks everybody for it",
    ),
    "a default that differs": (
        "infra/main.parameters.json", "${VNET_ENABLED=false}", "${VNET_ENABLED=true}", "vnetEnabled is true by default",
    ),
    "a variable that a pipeline would lack": (
        "azure.yaml", "    - VNET_ENABLED\n", "", "do not both have VNET_ENABLED",
    ),
    "a parameter that nothing sets": (
        "infra/main.parameters.json", '    "authClientId": { "value": "${MCP_AUTH_CLIENT_ID}" },\n', "",
        "does not set authClientId",
    ),
    "a module without a parameter it needs": (
        "infra/main.bicep", "    identityId: identity.outputs.id\n", "", "needs the parameter identityId",
    ),
    "a module with a parameter it lacks": (
        "infra/main.bicep", "    subnetId: vnet", "    subnet: vnet", "has no parameter subnet",
    ),
    "an output given where only some lengths fit": (
        "infra/main.bicep", "    deploymentContainerName: deploymentContainerName\n    publicNetworkAccess",
        "    deploymentContainerName: identity.outputs.clientId\n    publicNetworkAccess",
        "fits deploymentContainerName",
    ),
    "an output that a module lacks": (
        "infra/main.bicep", "storage.outputs.queueEndpoint", "storage.outputs.queueUri", "has no output queueUri",
    ),
    "an output that tells a secret": (
        "infra/main.bicep", "output AZURE_LOCATION string = location",
        "output TELEMETRY string = monitoring.outputs.connectionString", "output TELEMETRY is a secret",
    ),
    "an output that says so in its name": (
        "infra/main.bicep", "output AZURE_LOCATION", "output POOL_KEY", "would put a secret",
    ),
    "an output in lower case": ("infra/main.bicep", "output AZURE_LOCATION", "output location", "no name of an env"),
    "a name that is not defined": (
        "infra/identity.bicep", "location: location", "location: region", "region is not defined",
    ),
    "a variable that is not used": (
        "infra/identity.bicep", "param tags object", "param tags object\nvar left = 1", "var left is not used",
    ),
    "an older version of the pool": (
        "infra/session-pool.bicep", "2025-10-02-preview", "2026-01-01", "not a Microsoft.App/sessionPools@2025-10-02",
    ),
    "another preview version": (
        "infra/storage.bicep", "storageAccounts@2025-06-01", "storageAccounts@2025-06-01-preview", "is a preview",
    ),
    "a module from a registry": (
        "infra/main.bicep", "'identity.bicep'", "'br/public:avm/res/managed-identity:0.4.0'", "need a network",
    ),
    "Entra on and the key still asked for": (
        "infra/function-app.bicep", "empty(authClientId)\n        ? {}\n        : {\n            AzureFunctions",
        "empty(sessionPoolId)\n        ? {}\n        : {\n            AzureFunctions", "not where `not empty(auth",
    ),
    "Entra that cannot be turned off": (
        "infra/function-app.bicep", "resource authentication 'config' = {",
        "resource authentication 'config' = if (!empty(authClientId)) {", "would stay on",
    ),
    "egress on unless told": (
        "infra/session-pool.bicep", "egressEnabled ? 'EgressEnabled'", "!egressEnabled ? 'EgressEnabled'",
        "sessionNetworkConfiguration.status is",
    ),
    "storage public beside a network": (
        "infra/main.bicep", "publicNetworkAccess: !vnetEnabled", "publicNetworkAccess: true", "storage is to be public",
    ),
    "a private endpoint too few": ("infra/network.bicep", "  'queue'\n", "", "are for blob and queue"),
    "a subnet that is not delegated": (
        "infra/network.bicep", "serviceName: 'Microsoft.App/environments'", "serviceName: 'Microsoft.Web/serverFarms'",
        "serviceName is",
    ),
    "a region without session pools": (
        "infra/main.bicep", "  'spaincentral'\n", "  'spaincentral'\n  'southcentralus'\n", "session pools",
    ),
    "a deploy.json of another version": (
        "deploy.json", '"apiVersion": "2025-10-02-preview"', '"apiVersion": "2025-02-02-preview"', "deploy.json: is a",
    ),
    "a deploy.json without MCP": (
        "deploy.json", '"isMcpServerEnabled": true', '"isMcpServerEnabled": false', "isMcpServerEnabled is False",
    ),
    "a file that is not Bicep": ("infra/identity.bicep", "properties.clientId", "properties.", "identity.bicep: line"),
    "a linter rule lowered": (
        "infra/bicepconfig.json", '"no-unused-vars": { "level": "error" }', '"no-unused-vars": { "level": "off" }',
        "no-unused-vars is not an error",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "right", "wrong", "said"), _MISTAKES.values(), ids=_MISTAKES.keys())
def test_a_mistake_is_caught(copy: Path, file: str, right: str, wrong: str, said: str) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    found = problems(copy)
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize("code", ['environ.get("NOT_SET")', 'environ["NOT_SET"]', "blob(connection=NAME)"])
def test_a_setting_that_src_reads_and_nothing_sets_is_caught(copy: Path, code: str) -> None:
    # In a file of its own, so that it is caught whichever of the samples are still there.
    (copy / "src" / "mistake.py").write_text(f'NAME = "NOT_SET"\nos.{code}\n', encoding="utf-8")
    assert any("src reads NOT_SET" in problem for problem in problems(copy))
