"""What must hold of the templates, checked on the files themselves. Each check yields a sentence for each breach."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.infra import bicep, parameters
from tests.infra.resources import RESOURCES

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
_ROLES = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
_VISUAL_STUDIO_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"
_GUID = re.compile(r"'([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'", re.IGNORECASE)
_FUNCTIONS = {
    "allowed", "any", "array", "concat", "contains", "description", "empty", "environment", "first", "format",
    "filter", "guid", "int", "join", "json", "last", "length", "loadJsonContent", "map", "max", "maxLength", "maxValue",
    "metadata", "min", "minLength", "minValue", "resourceGroup", "resourceId", "secure", "split", "string",
    "subscription", "subscriptionResourceId", "substring", "take", "tenant", "toLower", "toUpper", "trim", "union",
    "uniqueString",
}  # fmt: skip
# Regions with both Flex Consumption and dynamic sessions.
_REGIONS = {
    "australiaeast", "australiasoutheast", "brazilsouth", "canadacentral", "centralindia", "centralus", "eastasia",
    "eastus", "eastus2", "francecentral", "germanywestcentral", "italynorth", "japaneast", "koreacentral",
    "northcentralus", "northeurope", "norwayeast", "southafricanorth", "southeastasia", "southindia",
    "spaincentral", "swedencentral", "uaenorth", "uksouth", "ukwest", "westcentralus", "westeurope", "westus",
    "westus2", "westus3",
}  # fmt: skip
# What src reads and a deployed app must not have: the key of a pool is fetched, never set.
_LOCAL_ONLY = {"SESSION_POOL_MCP_API_KEY"}
# Flex Consumption has these in functionAppConfig, or refuses them.
_REFUSED_SETTINGS = re.compile(
    r"FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_RUNTIME|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|"
    r"WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT|linuxFxVersion|vnetRouteAllEnabled|functionAppScaleLimit|alwaysOn"
)
_SETTINGS = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AZURE_CLIENT_ID",
    "SESSION_POOL_RESOURCE_ID",
    "SESSION_POOL_MCP_ENDPOINT",
    "AzureFunctionsJobHost__extensions__mcp__system__webhookAuthorizationLevel",
    "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES",
}
_FORBIDDEN = {
    r"\blist(Keys|Secrets|AccountSas|ServiceSas|Credentials)\b": "keys are not read: roles do",
    r"'(br|ts)[:/]": "modules from a registry need a network to compile",
    r"^\s*(extension|import|using)\b": "extensions need a network to compile",
    r"AccountKey=|SharedAccessKey": "a connection string holds a key",
    r"@secure\(": "there is no secret to pass",
}


@dataclass(frozen=True)
class Templates:
    """A repository's templates."""

    root: Path
    files: dict[str, bicep.BicepFile]

    @classmethod
    def of(cls, root: Path) -> "Templates":
        """Reads those below `root`."""
        return cls(root, {path.name: bicep.read(path) for path in sorted((root / "infra").glob("*.bicep"))})

    def resources(self) -> Iterator[bicep.Declaration]:
        """Yields every resource that is made."""
        for file in self.files.values():
            yield from (one for one in file.declarations if one.kind == "resource" and not one.existing)

    def resource(self, file: str, name: str) -> bicep.Declaration:
        """Returns a resource."""
        return self.files[file].of("resource")[name]


def problems(root: Path) -> list[str]:
    """Returns every breach in the repository at `root`."""
    templates = Templates.of(root)
    unreadable = [f"{file.name}: {error}" for file in templates.files.values() for error in file.unreadable]
    return unreadable or [problem for check in _CHECKS for problem in check(templates)]


def _names_are_defined_and_used(templates: Templates) -> Iterator[str]:
    for file in templates.files.values():
        declared = {one.name for one in file.declarations if one.kind != "output"}
        for name in sorted(file.references - declared - _FUNCTIONS):
            yield f"{file.name}: {name} is not defined"
        for kind in ("param", "var"):
            for name in sorted(file.of(kind).keys() - file.references):
                yield f"{file.name}: {kind} {name} is not used"


def _modules_get_what_they_declare(templates: Templates) -> Iterator[str]:
    for file in templates.files.values():
        for module in file.of("module").values():
            target = templates.files.get(module.type)
            if target is None:
                yield f"{file.name}: module {module.name} is in {module.type}, which is not there"
                continue
            for problem in (*_parameter_problems(module, target.of("param")), *_output_problems(file, module, target)):
                yield f"{file.name}: module {module.name} {problem}"


def _parameter_problems(module: bicep.Declaration, wanted: dict[str, bicep.Declaration]) -> Iterator[str]:
    given = {path.removeprefix("params.") for path in module.properties if path.startswith("params.")}
    for name in sorted(given - wanted.keys()):
        yield f"has no parameter {name}"
    for name in sorted(wanted.keys() - given):
        if wanted[name].default is None:
            yield f"needs the parameter {name}"
    for name in sorted(given & wanted.keys()):
        limited = any(decorator.startswith(("minLength", "allowed")) for decorator in wanted[name].decorators)
        if limited and ".outputs." in (module.value(f"params.{name}") or ""):
            yield f"gets an output, of which Bicep does not know that it fits {name}"


def _output_problems(file: bicep.BicepFile, module: bicep.Declaration, target: bicep.BicepFile) -> Iterator[str]:
    read = set(re.findall(rf"\b{module.name}!?\.outputs\.(\w+)", file.text))
    for name in sorted(read - target.of("output").keys()):
        yield f"has no output {name}"
    if module.condition and re.search(rf"\b{module.name}\.outputs\.", file.text):
        yield "may not be there, so its outputs are read with `!`"


def _resources_are_as_looked_up(templates: Templates) -> Iterator[str]:
    found = {f"{one.file} {one.name}": one for one in templates.resources()}
    for name in sorted(found.keys() ^ RESOURCES.keys()):
        yield f"{name}: stands in only one of the template and tests/infra/resources.py"
    for name in sorted(found.keys() & RESOURCES.keys()):
        resource, (wanted_type, wanted) = found[name], RESOURCES[name]
        if resource.type != wanted_type:
            yield f"{name}: is a {resource.type}, not a {wanted_type}"
        for path in sorted(resource.properties.keys() - wanted.keys()):
            yield f"{name}: the property {path} was not looked up"
        for path, text in wanted.items():
            if path not in resource.properties:
                yield f"{name}: lacks {path}"
            elif text is not None and resource.value(path) != text:
                yield f"{name}: {path} is {resource.value(path)}, not {text}"


def _one_preview_version(templates: Templates) -> Iterator[str]:
    for file in templates.files.values():
        for resource in file.of("resource").values():
            if "preview" in resource.type and resource.type != "Microsoft.App/sessionPools@2025-10-02-preview":
                yield f"{file.name}: {resource.type} is a preview"


def _roles(templates: Templates) -> Iterator[str]:
    for resource in templates.resources():
        if resource.type.startswith("Microsoft.Authorization/roleAssignments@"):
            where = f"{resource.file} {resource.name}"
            if "properties.principalType" not in resource.properties:
                yield f"{where}: without principalType, a new identity is not found"
            if not (resource.value("name") or "").startswith("guid("):
                yield f"{where}: its name is not a guid() of what it joins"
            if not (resource.value("scope") or ""):
                yield f"{where}: is for the whole resource group, not for one resource"


def _role_ids(templates: Templates) -> Iterator[str]:
    for file in templates.files.values():
        for name, variable in file.of("var").items():
            for guid in _GUID.findall(variable.default or ""):
                if _ROLES.get(name) != guid:
                    yield f"{file.name}: {name} is {guid}, which is not that role"
        elsewhere = set(_GUID.findall(file.text)) - set(_ROLES.values()) - {_VISUAL_STUDIO_CODE}
        for guid in sorted(elsewhere):
            yield f"{file.name}: {guid} is not known"


def _the_app_has_its_roles(templates: Templates) -> Iterator[str]:
    roles = templates.files["storage.bicep"].of("var")["roles"].default or ""
    for role in ("storageBlobDataOwner", "storageQueueDataContributor"):
        if role not in roles:
            yield f"storage.bicep: the app lacks the role {role}"


def _outputs(templates: Templates) -> Iterator[str]:
    outputs = templates.files["main.bicep"].of("output")
    for name in outputs:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            yield f"main.bicep: output {name} is no name of an environment variable"
        if re.search(r"KEY|SECRET|PASSWORD|TOKEN|CONNECTION", name):
            yield f"main.bicep: output {name} would put a secret into the azd environment"
    for name in ("AZURE_RESOURCE_GROUP", "AZURE_FUNCTION_NAME", "SERVICE_MCP_ENDPOINT", "SESSION_POOL_MCP_ENDPOINT"):
        if name not in outputs:
            yield f"main.bicep: has no output {name}"
    for name, output in outputs.items():
        if re.search(r"connectionString|primaryKey|apiKey", output.default or "", re.IGNORECASE):
            yield f"main.bicep: output {name} is a secret"


def _nothing_forbidden(templates: Templates) -> Iterator[str]:
    for file in templates.files.values():
        code = "\n".join(line.split("//")[0] if "'" not in line else line for line in file.text.splitlines())
        for pattern, reason in _FORBIDDEN.items():
            if re.search(pattern, code, re.MULTILINE):
                yield f"{file.name}: {reason}"
        for setting in _REFUSED_SETTINGS.findall(code):
            yield f"{file.name}: Flex Consumption refuses {setting}"
    if (templates.root / "infra" / "main.bicepparam").exists():
        yield "infra: azd would take main.bicepparam, which does not know AZURE_PRINCIPAL_TYPE, before the JSON"


def _app_settings(templates: Templates) -> Iterator[str]:
    settings = templates.resource("function-app.bicep", "settings")
    names = {path.removeprefix("properties.") for path in settings.properties if path.startswith("properties.")}
    for name in sorted(names - _SETTINGS):
        yield f"function-app.bicep: the setting {name} is not listed"
    for name in sorted(_SETTINGS - names):
        yield f"function-app.bicep: the setting {name} is missing"
    for name in sorted(settings_read(templates.root / "src") - _LOCAL_ONLY):
        if name not in names and f"{name}__blobServiceUri" not in names:
            yield f"function-app.bicep: src reads {name}, which is not set"
    for name in sorted(names & _LOCAL_ONLY):
        yield f"function-app.bicep: {name} is for one machine only"


def settings_read(src: Path) -> set[str]:
    """Returns the app settings that the code reads: `os.environ`, and the `connection` of bindings."""
    found: set[str] = set()
    for path in src.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
                found.add(ast.literal_eval(node.args[0]))
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                found.add(ast.literal_eval(node.slice))
            elif isinstance(node, ast.keyword) and node.arg == "connection":
                value = node.value
                name = constants.get(value.id) if isinstance(value, ast.Name) else ast.literal_eval(value)
                found.add(str(name))
    return found


def _entra_and_the_key_are_switched_together(templates: Templates) -> Iterator[str]:
    wanted = "not empty(authClientId)"
    settings = templates.resource("function-app.bicep", "settings").properties
    for name in (
        "AzureFunctionsJobHost__extensions__mcp__system__webhookAuthorizationLevel",
        "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES",
    ):
        for value in settings.get(f"properties.{name}", []):
            if value.when != wanted:
                yield f"function-app.bicep: {name} is set where `{value.when}`, not where `{wanted}`"
    authentication = templates.resource("function-app.bicep", "authentication")
    if authentication.condition:
        yield "function-app.bicep: Entra would stay on when its client id is taken away"
    for path, values in authentication.properties.items():
        if path.startswith("properties.identityProviders.") and values[0].when != wanted:
            yield f"function-app.bicep: {path} is set where `{values[0].when}`, not where `{wanted}`"


def _the_pool_is_optional(templates: Templates) -> Iterator[str]:
    settings = templates.resource("function-app.bicep", "settings").properties
    for name in ("SESSION_POOL_RESOURCE_ID", "SESSION_POOL_MCP_ENDPOINT"):
        for value in settings.get(f"properties.{name}", []):
            if value.when != "not empty(sessionPoolId)":
                yield f"function-app.bicep: {name} is set where `{value.when}`"
    modules = templates.files["main.bicep"].of("module")
    for name, condition in {"sessionPool": "(sessionPoolEnabled)", "network": "(vnetEnabled)"}.items():
        if modules[name].condition != condition:
            yield f"main.bicep: module {name} is made where {modules[name].condition}, not where {condition}"
    for name in ("identity", "monitoring", "storage", "functionApp"):
        if modules[name].condition:
            yield f"main.bicep: module {name} is not always made"


def _the_network_closes_what_it_opens(templates: Templates) -> Iterator[str]:
    if templates.files["main.bicep"].of("module")["storage"].value("params.publicNetworkAccess") != "!vnetEnabled":
        yield "main.bicep: storage is to be public where there is no virtual network, and only there"
    services = templates.files["network.bicep"].of("var")["services"].default or ""
    if set(re.findall(r"'(\w+)'", services)) != {"blob", "queue"}:
        yield "network.bicep: private endpoints are for blob and queue"


def _parameters(templates: Templates) -> Iterator[str]:
    infra = templates.root / "infra"
    declared = templates.files["main.bicep"].of("param")
    file = json.loads((infra / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    for name in sorted(declared.keys() - file.keys()):
        yield f"main.parameters.json: does not set {name}"
    for name, parameter in declared.items():
        if parameter.default is None and name not in ("environmentName", "location"):
            yield f"main.bicep: {name} has no default, so azd asks everybody for it"
        written = re.search(r"=(.*)\}", str(file.get(name, {}).get("value", "")))
        default = (parameter.default or "").strip("'")
        if written and written[1] != default:
            yield f"main.parameters.json: {name} is {written[1]} by default, and {default} in main.bicep"
    allowed = next(one for one in declared["location"].decorators if one.startswith("allowed("))
    if set(re.findall(r"'(\w+)'", allowed)) != _REGIONS:
        yield "main.bicep: location is to be a region with both Flex Consumption and session pools"
    known = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID", "AZURE_PRINCIPAL_TYPE"}
    for name in sorted(
        (parameters.variables(infra) - known) ^ set(azure_yaml(templates.root)["pipeline"]["variables"])
    ):
        yield f"azure.yaml: pipeline.variables and main.parameters.json do not both have {name}"


def azure_yaml(root: Path) -> dict[str, Any]:
    """Returns azure.yaml."""
    return yaml.safe_load((root / "azure.yaml").read_text(encoding="utf-8"))


def _azure_yaml(templates: Templates) -> Iterator[str]:
    project = azure_yaml(templates.root)
    # The published schema takes any other key, so a slip of the pen would go unnoticed.
    for key in sorted(project.keys() - {"name", "metadata", "requiredVersions", "services", "hooks", "pipeline"}):
        yield f"azure.yaml: {key} is no key of azd"
    ((name, service),) = project["services"].items()
    wanted = {"project": "./src", "language": "python", "host": "function", "remoteBuild": True}
    if service != wanted:
        yield f"azure.yaml: the service is {service}, not {wanted}"
    tag = templates.resource("function-app.bicep", "site").value("tags.azd-service-name")
    if tag != f"'{name}'":
        yield f"function-app.bicep: azd looks for the tag azd-service-name {name}, not {tag}"
    if "'azd-env-name': environmentName" not in templates.files["main.bicep"].text:
        yield "main.bicep: azd finds its resource group by the tag azd-env-name"
    for needed in ("host.json", "requirements.txt", "function_app.py", ".funcignore"):
        if not (templates.root / "src" / needed).exists():
            yield f"src/{needed} is not there"
    for event, hook in project["hooks"].items():
        for system, interpreter in (("windows", "python"), ("posix", "python3")):
            command = hook[system]["run"].split()
            if command[0] != interpreter or not (templates.root / command[1]).exists():
                yield f"azure.yaml: {event} runs {hook[system]['run']} on {system}"


def _deploy_json_makes_the_same_pool(templates: Templates) -> Iterator[str]:
    template = json.loads((templates.root / "deploy.json").read_text(encoding="utf-8"))
    (alone,) = template["resources"]
    pool = templates.resource("session-pool.bicep", "pool")
    if f"{alone['type']}@{alone['apiVersion']}" != pool.type:
        yield f"deploy.json: is a {alone['type']}@{alone['apiVersion']}, not a {pool.type}"
    paths = dict(_json_leaves(alone["properties"], "properties"))
    for path in sorted(paths.keys() ^ {path for path in pool.properties if path.startswith("properties.")}):
        yield f"deploy.json: {path} is only in one of it and session-pool.bicep"
    for path, value in paths.items():
        fixed = pool.value(path) or ""
        if not str(value).startswith("[") and fixed not in (f"'{value}'", str(value).lower()):
            yield f"deploy.json: {path} is {value}, not {fixed}"
    for name, parameter in template["parameters"].items():
        if f"[parameters('{name}')]" not in json.dumps(template["resources"]):
            yield f"deploy.json: the parameter {name} is not used"
        if "key" in name.lower() or parameter["type"] not in ("string", "int"):
            yield f"deploy.json: the parameter {name} is a {parameter['type']}"
    if template["parameters"]["egress"]["defaultValue"] != "EgressDisabled":
        yield "deploy.json: code may reach the internet unless it is told not to"


def _json_leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _json_leaves(member, f"{path}.{key}")
    else:
        yield path, value


def _the_linter_is_raised(templates: Templates) -> Iterator[str]:
    rules = json.loads((templates.root / "infra" / "bicepconfig.json").read_text(encoding="utf-8"))
    levels = {name: rule["level"] for name, rule in rules["analyzers"]["core"]["rules"].items()}
    for name in ("no-unused-params", "no-unused-vars", "no-hardcoded-env-urls", "outputs-should-not-contain-secrets"):
        if levels.get(name) != "error":
            yield f"bicepconfig.json: {name} is not an error"


def _abbreviations(templates: Templates) -> Iterator[str]:
    names = set(json.loads((templates.root / "infra" / "abbreviations.json").read_text(encoding="utf-8")))
    used = set(re.findall(r"\babbreviations\.(\w+)", templates.files["main.bicep"].text)) - {"json"}
    for name in sorted(used ^ names):
        yield f"abbreviations.json: {name} is not in both it and main.bicep"


_CHECKS: tuple[Callable[[Templates], Iterator[str]], ...] = (
    _names_are_defined_and_used,
    _modules_get_what_they_declare,
    _resources_are_as_looked_up,
    _one_preview_version,
    _roles,
    _role_ids,
    _the_app_has_its_roles,
    _outputs,
    _nothing_forbidden,
    _app_settings,
    _entra_and_the_key_are_switched_together,
    _the_pool_is_optional,
    _the_network_closes_what_it_opens,
    _parameters,
    _azure_yaml,
    _deploy_json_makes_the_same_pool,
    _the_linter_is_raised,
    _abbreviations,
)
