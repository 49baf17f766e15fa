"""The pages say what is so: commands exist, links lead somewhere, settings are read, and all is short."""

import ast
import json
import re

import pytest

from tests.docs.commands import problem, start_help
from tests.docs.pages import ROOT, Page, pages

_PAGES = pages()
_README = Page(ROOT / "README.md")
_LANGUAGES = {"bash", "js", "json", "kusto", "mermaid", "powershell", "python", "shell", "text"}
# What pages link and a user may have removed with the samples, as docs/make-it-yours.md says
_SAMPLES = {ROOT / "src/more_tools.py", ROOT / "src/snippet_container.py", ROOT / "tests/test_twenty_requests.py"}
every_page = pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)


@every_page
def test_a_page_is_short(page: Page) -> None:
    lines = len(page.text.splitlines())
    assert lines <= (180 if page.name == "README.md" else 120)


@every_page
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links:
        path, _, fragment = link.partition("#")
        if re.match(r"https://|mailto:|vscode:", link):
            continue
        if workflow := re.match(r"\.\./\.\./actions/workflows/(\w+\.yml)", link):  # GitHub's own page of it
            assert (ROOT / ".github" / "workflows" / workflow[1]).exists()
            continue
        target = (page.path.parent / path).resolve() if path else page.path
        if target in _SAMPLES and not target.exists():
            continue
        assert target.exists(), link
        assert not fragment or fragment in Page(target).anchors, link


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in _README.links}
    assert {page.name for page in _PAGES if page.path.parent.name == "docs" and page.path not in linked} == set()


@every_page
def test_every_command_is_one_that_a_test_checks_or_runs(page: Page) -> None:
    wrong = [(" ".join(words), said) for words in page.commands() if (said := problem(words))]
    assert wrong == []


@every_page
def test_a_block_is_what_it_says_it_is(page: Page) -> None:
    for block in page.blocks:
        assert block.language in _LANGUAGES, block
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "python":
            ast.parse(block.text)


@every_page
def test_a_command_for_every_shell_runs_in_every_shell(page: Page) -> None:
    r"""PowerShell knows no \ at the end of a line, no variables set in front of a command, and in version 5 no &&."""
    for block in page.blocks:
        if block.language == "shell" and block.text.strip() not in _TWO_COMMANDS:
            assert not re.search(r"\\\n|&&|^export |^source |^[A-Z_]+=|\$\(|^\s*sudo |<<", block.text, re.MULTILINE), (
                block
            )
        elif block.language == "powershell":
            assert not re.search(r"\\\n|&&|^export |^source |^[A-Z_]+=", block.text, re.MULTILINE), block


# Those that the template is set up by. PowerShell 7 and cmd know && too.
_TWO_COMMANDS = ("pip install uv && uv run start", "pip install uv && uv run pytest")


def test_the_readme_names_the_two_commands_that_set_everything_up() -> None:
    assert all(command in _README.text for command in _TWO_COMMANDS)


@pytest.mark.parametrize("page", ["docs/local.md", "functions-host/README.md"])
def test_a_page_lists_every_option_of_a_start(page: str) -> None:
    options = set(re.findall(r"^  (?:-\w, |-\w \w+, )?(--[\w-]+)", start_help(), re.MULTILINE)) - {"--help"}
    listed = re.findall(r"--[\w-]+", "".join(re.findall(r"^\| [^|]*", Page(ROOT / page).text, re.MULTILINE)))
    assert options - set(listed) == set()


def test_every_environment_variable_that_is_named_is_read_somewhere() -> None:
    code = [
        *ROOT.glob("src/*.py"), *ROOT.glob("functions-host/functions_host/**/*.py"), *ROOT.glob("infra/**/*.*"),
        *ROOT.glob("tests/*.py"), *ROOT.glob("functions-host/host_tests/wire/*.py"),
    ]  # fmt: skip
    read = "\n".join(file.read_text(encoding="utf-8") for file in code if file.suffix in (".py", ".json", ".bicep"))
    elsewhere = {"CLIENT_ID", "HTTPS_PROXY", "MCP_URL"}  # a placeholder, npm's, and that of the examples in clients.md
    for page in _PAGES:
        set_by_the_page = set(re.findall(r"^([A-Z_]+)=", page.text, re.MULTILINE))
        named = set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b(?!\.md)", page.text)) - elsewhere - set_by_the_page
        assert {name for name in named if name not in read} == set(), page.name
