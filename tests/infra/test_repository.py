"""Files that must agree with each other: README, templates, workflows, editor settings, dev container."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra import parameters
from tests.infra.policies import azure_yaml
from tests.infra.settings import settings_read

_ROOT = Path(__file__).resolve().parents[2]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_PAGES = "\n".join(file.read_text(encoding="utf-8") for file in [*sorted(_ROOT.glob("docs/*.md")), _ROOT / "README.md"])
_WORKFLOWS = sorted((_ROOT / ".github" / "workflows").glob("*.yml"))


def _read(path: str) -> str:
    return (_ROOT / path).read_text(encoding="utf-8")


def _json(path: str) -> Any:
    """Reads JSON with comments, as VS Code does."""
    return json.loads(re.sub(r"^\s*//.*$", "", _read(path), flags=re.MULTILINE))


def _section(title: str) -> str:
    """Returns what the README, or the page that has it, says under a heading."""
    heading = re.search(rf"^(#+) {re.escape(title)}$", _PAGES, re.MULTILINE)
    assert heading, title
    return re.split(rf"^#{{1,{len(heading[1])}}} ", _PAGES[heading.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_app_setting_that_src_reads_is_in_the_pages() -> None:
    assert {name for name in settings_read(_ROOT / "src") if name not in _PAGES} == set()


def test_the_pages_list_every_setting_of_a_deployment_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([A-Z_]+)` \|.*\|\s*(?:`([^`|]*)`|[^|]*?)\s*\|$", _section("Settings of a deployment"), re.M
    )
    written = _read("infra/main.parameters.json")
    defaults = dict(re.findall(r"\$\{([A-Z_]+)=([^}]*)\}", written))
    of_azd = {"AZURE_ENV_NAME", "AZURE_PRINCIPAL_ID", "AZURE_PRINCIPAL_TYPE"}
    assert {name for name, _ in rows} == parameters.variables(_ROOT / "infra") - of_azd
    for name, default in rows:
        assert default in ("", defaults.get(name)), name


def test_the_pages_read_the_key_as_the_hook_says() -> None:
    command = re.search(r"az functionapp keys list .*tsv", _PAGES)
    assert command
    pieces = re.sub(r"rg-\w+|func-\w+", "{}", command[0]).split("{}")
    hook = re.sub(r'"\s+f?"', "", _read("infra/hooks/after_up.py"))
    assert all(piece in hook for piece in pieces)


@pytest.mark.parametrize(
    "text", ["## Features", "## Getting Started", "## Guidance", "## Resources", "Important Security Notice"]
)
def test_the_readme_has_what_the_gallery_looks_for(text: str) -> None:
    assert text in _README


@pytest.mark.parametrize(
    "path",
    [
        "LICENSE", "SECURITY.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", ".github/ISSUE_TEMPLATE",
        ".github/PULL_REQUEST_TEMPLATE.md", ".github/workflows/azure-dev.yml", "azure.yaml", "infra/main.bicep",
        ".devcontainer/devcontainer.json", "README.md",
    ],
)  # fmt: skip
def test_the_gallery_finds_its_files(path: str) -> None:
    assert (_ROOT / path).exists()


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_takes_little_and_trusts_little(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert set(job["permissions"].values()) <= {"read", "write"}
        assert job["permissions"].keys() <= {"contents", "id-token"}
        assert job["permissions"]["contents"] == "read"
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            action = step.get("uses", "")
            assert not action or re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action
            assert "${{" not in step.get("run", ""), "an expression in a command can be a command"
    for file in re.findall(r"\.ci/\w+|infra/[\w/.]+|tests/[\w/.]+", path.read_text(encoding="utf-8")):
        assert (_ROOT / file).exists(), file


def test_a_fork_deploys_nothing_and_a_pipeline_gets_every_variable() -> None:
    (job,) = yaml.safe_load(_read(".github/workflows/azure-dev.yml"))["jobs"].values()
    assert job["if"] == "${{ vars.AZURE_CLIENT_ID != '' }}"
    of_azd = {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID", "AZURE_ENV_NAME", "AZURE_LOCATION"}
    wanted = of_azd | set(azure_yaml(_ROOT)["pipeline"]["variables"])
    assert job["env"] == {name: f"${{{{ vars.{name} }}}}" for name in wanted}


def test_ci_has_a_compiler_for_the_tests_that_ask_one() -> None:
    steps = yaml.safe_load(_read(".github/workflows/ci.yml"))["jobs"]["linux"]["steps"]
    commands = [step.get("run") for step in steps]
    assert commands.index("az bicep install") < commands.index(".ci/run")


def test_dependabot_knows_every_lock_file() -> None:
    updates = yaml.safe_load(_read(".github/dependabot.yml"))["updates"]
    known = {
        (update["package-ecosystem"], directory.strip("/"))
        for update in updates
        for directory in update.get("directories", [update.get("directory")])
    }
    tracked = subprocess.run(["git", "ls-files"], cwd=_ROOT, capture_output=True, text=True, check=True).stdout.split()
    locks = {"uv.lock": "uv", "package-lock.json": "npm", "devcontainer.json": "devcontainers"}
    wanted = {
        (locks[file.name], "" if file.parts[0] == ".devcontainer" else file.parent.as_posix().removeprefix("."))
        for file in map(Path, tracked)
        if file.name in locks and (_ROOT / file).exists()
    }
    assert known - {("github-actions", "")} == wanted


def test_the_editor_finds_what_its_settings_name() -> None:
    settings = _json(".vscode/settings.json")
    for path in (
        settings["azureFunctions.deploySubpath"],
        settings["azureFunctions.projectSubpath"],
        *settings["python.analysis.extraPaths"],
    ):
        assert (_ROOT / path).is_dir()
    tasks = _json(".vscode/tasks.json")["tasks"]
    for task in tasks:
        folder = task.get("options", {}).get("cwd", "${workspaceFolder}")
        assert Path(folder.replace("${workspaceFolder}", str(_ROOT))).is_dir()
    # `func start` is run in src, with the virtual environment that docs/local.md has one make there.
    assert "cd src\npython -m venv .venv\n" in _read("docs/local.md")
    assert settings["azureFunctions.pythonVenv"] == ".venv"
    before = {one["preLaunchTask"] for one in _json(".vscode/launch.json")["configurations"] if "preLaunchTask" in one}
    assert before <= {task["label"] for task in tasks}


def test_the_editor_attaches_its_debugger_to_the_port_that_its_task_opens() -> None:
    launch = next(each for each in _json(".vscode/launch.json")["configurations"] if "uv run start" in each["name"])
    task = next(each for each in _json(".vscode/tasks.json")["tasks"] if each["label"] == launch["preLaunchTask"])
    assert launch["connect"] == {"host": "127.0.0.1", "port": 5678}
    assert launch["request"] == "attach"
    assert task["command"] == "uv run start --debug"
    assert task["problemMatcher"]["background"]["endsPattern"] == "^Press Ctrl\\+C to stop\\.$"


def test_the_editor_asks_for_keys_and_stores_none() -> None:
    mcp = _json(".vscode/mcp.json")
    inputs = {each["id"]: each for each in mcp["inputs"]}
    used = set(re.findall(r"\$\{input:([\w-]+)\}", json.dumps(mcp["servers"])))
    assert used == inputs.keys()
    for server in mcp["servers"].values():
        assert re.match(r"https://|http://127\.0\.0\.1:|\$\{input:", server["url"])
        for value in server.get("headers", {}).values():
            name = re.fullmatch(r"\$\{input:([\w-]+)\}", value)
            assert name
            assert inputs[name[1]]["password"]


def test_other_clients_find_the_same_server_on_this_machine_and_no_key() -> None:
    servers = _json(".mcp.json")["mcpServers"]
    (name,) = servers
    assert servers[name] == _json(".vscode/mcp.json")["servers"][name]
    assert servers[name].keys() == {"type", "url"}


def test_making_the_dev_container_comes_to_an_end() -> None:
    container = _json(".devcontainer/devcontainer.json")
    version = _read(".python-version").strip()
    assert container["image"].endswith(f":{version}")
    assert container["postCreateCommand"] == "pip install uv && uv sync"
    assert {"bubblewrap", "passt"} <= set(container["onCreateCommand"].split())
    recommended = set(_json(".vscode/extensions.json")["recommendations"])
    assert set(container["customizations"]["vscode"]["extensions"]) == recommended


def test_what_azd_leaves_out_of_a_copy_is_there() -> None:
    for line in _read(".azdignore").splitlines():
        if line and not line.startswith("#"):
            assert (_ROOT / line).exists(), line
