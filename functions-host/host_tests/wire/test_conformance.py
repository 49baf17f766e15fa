"""The official conformance suite of MCP, against a function app that has what the suite asks for.

Where it fails, the extension fails too; where it passes, so does the extension, but for foreign names in Host and
Origin, which here are refused. A scenario that does otherwise fails its test, whichever way it goes.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from functions_host import npm_package
from functions_host.console import Console

from host_tests.requirements import shows
from host_tests.servers import CACHE, SharedServers, Target

_APP = Path(__file__).parent.parent / "apps" / "conformance"
_PACKAGE = Path(__file__).parent.parent / "conformance_package"
_SECONDS = 120

pytestmark = pytest.mark.timeout(300)  # a fresh clone installs it first


@dataclass(frozen=True)
class NotPassed:
    """What the suite says of a scenario that does not pass, and why it does not."""

    said: str
    reason: str
    status: str = "FAILURE"


_ONLY_A_RESULT = "A function returns its result and can send nothing before it; the extension sends nothing of its own."
_NO_SAMPLING = "Server did not request sampling"
_NO_ELICITATION = "Server did not request elicitation"
# The failures of the extension are listed in its repository (eng/conformance/conformance-baseline.yml, version 1.6.0,
# with this release of the suite). Here they are the same, but for:
# - dns-rebinding-protection, which it fails, as it leaves Host and Origin to Azure. On a person's machine nobody else
#   would check them, so here they are.
# - json-schema-2020-12 and server-sse-polling, which it does not run: the suite calls them pending. The first passes as
#   the extension lists `inputSchema` as the worker gave it.
_EXPECTED: dict[str, NotPassed | None] = {
    "server-initialize": None,
    "logging-set-level": None,
    "ping": None,
    "completion-complete": NotPassed(
        "-32601: Method 'completion/complete' is not available.",
        "The extension has no completions, and does not advertise any.",
    ),
    "tools-list": None,
    "tools-call-simple-text": None,
    "tools-call-image": None,
    "tools-call-audio": None,
    "tools-call-embedded-resource": None,
    "tools-call-mixed-content": None,
    "tools-call-with-logging": NotPassed("No log notifications received", _ONLY_A_RESULT),
    "tools-call-error": None,
    "tools-call-with-progress": NotPassed("No progress notifications received", _ONLY_A_RESULT),
    "tools-call-sampling": NotPassed(_NO_SAMPLING, _ONLY_A_RESULT),
    "tools-call-elicitation": NotPassed(_NO_ELICITATION, _ONLY_A_RESULT),
    "json-schema-2020-12": None,
    "elicitation-sep1034-defaults": NotPassed(_NO_ELICITATION, _ONLY_A_RESULT),
    "elicitation-sep1330-enums": NotPassed(_NO_ELICITATION, _ONLY_A_RESULT),
    "server-sse-polling": NotPassed(
        "Server did not send priming event",
        "The extension gives events no ids: a stream cannot be resumed, and needs no event to start from.",
        "WARNING",
    ),
    "server-sse-multiple-streams": None,
    "resources-list": None,
    "resources-read-text": None,
    "resources-read-binary": None,
    "resources-templates-read": None,
    "resources-subscribe": None,
    "resources-unsubscribe": None,
    "prompts-list": None,
    "prompts-get-simple": None,
    "prompts-get-with-args": None,
    "prompts-get-embedded-resource": None,
    "prompts-get-with-image": None,
    "dns-rebinding-protection": None,
}


@pytest.fixture(scope="module")
def app(storage: str, shared_server: SharedServers) -> Target:
    return shared_server(_APP, storage=storage).target


@pytest.fixture(scope="module")
def checks(app: Target, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What the suite found, by scenario."""
    modules = anyio.run(npm_package.install, _PACKAGE, CACHE, Console())
    suite = modules / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    results = tmp_path_factory.mktemp("conformance")
    command = [npm_package.node(), str(suite), "server", "--url", app.url, "--suite", "all", "-o", str(results)]
    # Its exit code says only that something failed, and it is 0 for a scenario that checked nothing.
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=_SECONDS, check=False)
    found = {_scenario(each): json.loads(each.read_text(encoding="utf-8")) for each in results.glob("*/checks.json")}
    assert found, done.stdout + done.stderr
    return found


def _scenario(checks: Path) -> str:
    """Returns the scenario of a file of results; the suite names the folder server-SCENARIO-TIMESTAMP."""
    name = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT.+Z", checks.parent.name)
    assert name, checks
    return name[1]


@shows("methods.never-emitted")
def test_the_suite_has_the_scenarios_that_are_expected(checks: dict[str, list[Any]]) -> None:
    assert sorted(checks) == sorted(_EXPECTED)


@shows("transport.one-event", "transport.local-only", "methods.never-emitted", "results.several-blocks")
@pytest.mark.parametrize("scenario", _EXPECTED)
def test_it_ends_as_with_the_extension(scenario: str, checks: dict[str, list[Any]]) -> None:
    judged = [check for check in checks[scenario] if check["status"] != "INFO"]
    assert judged, "nothing was checked"
    bad = [check for check in judged if check["status"] != "SUCCESS"]
    expected = _EXPECTED[scenario]
    if expected is None:
        assert not bad
    else:
        assert {check["status"] for check in bad} == {expected.status}, expected.reason
        assert expected.said in bad[0]["errorMessage"], expected.reason
