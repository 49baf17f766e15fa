"""What a command of the pages has to be like to be believed: each kind has a check, and a kind without one fails."""

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from tests.docs.pages import ROOT
from tests.infra import parameters

type Check = Callable[[list[str]], str]
"""Takes the words of a command and returns what is wrong with it, or nothing."""

_MCP_URL = re.compile(
    r"(http://127\.0\.0\.1:7071|https://NAME\.azurewebsites\.net)/runtime/webhooks/mcp(/sse)?(\?code=KEY)?"
)
_AZD = {
    "auth login", "config set", "deploy", "down", "env get-value", "env get-values", "env new", "env refresh",
    "env set", "hooks run", "init", "monitor", "pipeline config", "provision", "up",
}  # fmt: skip


def problem(words: list[str]) -> str:
    """Returns what is wrong with a command, or nothing."""
    assigned = re.match(r"[A-Z_]+=", words[0])
    if assigned and (substituted := re.search(r"\$\(([^)]*)", " ".join(words))):
        words = substituted[1].split()
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    command = " ".join(words)
    for start, check in _CHECKS.items():
        if command == start or command.startswith(f"{start} "):
            return check(words[len(start.split()) :])
    return "no test checks such a command" if words else ""


def _sound(_: list[str]) -> str:
    return ""


@cache
def start_help() -> str:
    """Returns what `uv run start --help` prints."""
    command = [sys.executable, "-m", "functions_host", "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def _start(words: list[str]) -> str:
    return _unknown_options(words, start_help())


def _pytest(words: list[str]) -> str:
    known = "".join(
        file.read_text(encoding="utf-8") for folder in ("tests", "functions-host") for file in _python_files(folder)
    )
    known += "-n --hypothesis-profile"  # of plugins
    return _missing_paths(words) or _unknown_options([each for each in words if each.startswith("-")], known)


def _python_files(folder: str) -> Iterator[Path]:
    tracked = subprocess.run(
        ["git", "ls-files", f"{folder}/**.py"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    yield from (ROOT / name for name in tracked.stdout.split() if "conftest" in name or "plugin" in name)


def _smoke(words: list[str]) -> str:
    if not words or not re.match(r"http://127\.0\.0\.1:7071|https://NAME\.azurewebsites\.net", words[0]):
        return "tests/smoke.py takes the URL of a server"
    return _unknown_options(words[1:], (ROOT / "tests/smoke.py").read_text(encoding="utf-8"))


def _in_group(words: list[str]) -> str:
    group, *command = words
    if f"\n{group} = [" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8"):
        return f"there is no group {group}"
    if command[:2] == ["--group", "bench"]:
        command = command[2:]
    return "" if command[0] in ("ruff", "basedpyright", "python") else f"{command[0]} is in no group"


def _module(words: list[str]) -> str:
    return (
        ""
        if any((ROOT / f"functions-host/{words[0].replace('.', '/')}{end}").exists() for end in (".py", "/__main__.py"))
        else words[0]
    )


def _azd(words: list[str]) -> str:
    verbs = [" ".join(words[:count]) for count in (1, 2)]
    if not _AZD.intersection(verbs):
        return "azd has no such command"
    if verbs[-1] == "env set" and words[2] not in parameters.variables(ROOT / "infra") | {"AZURE_SUBSCRIPTION_ID"}:
        return f"nothing reads {words[2]}"
    outputs = (ROOT / "infra/main.bicep").read_text(encoding="utf-8")
    if verbs[-1] == "env get-value" and f"\noutput {words[2]} " not in outputs:
        return f"main.bicep has no output {words[2]}"
    return ""


def _az(words: list[str]) -> str:
    for before, after in itertools.pairwise(words):
        if before in ("--template-file", "--file") and not (ROOT / after).exists():
            return f"there is no {after}"
    return ""


def _client(words: list[str]) -> str:
    urls = [word for word in words if "://" in word]
    headers = [word for word in words if word.startswith("x-")]
    if len(urls) != 1 or not _MCP_URL.fullmatch(urls[0]):
        return "not the endpoint of a server"
    remote = urls[0].startswith("https")
    return "" if headers == (["x-functions-key: KEY"] if remote else []) else "the header is not as Azure wants it"


def _add_to_code(words: list[str]) -> str:
    entry = json.loads(words[0])
    return "" if entry["type"] == "http" and _MCP_URL.fullmatch(entry["url"]) else "not an entry of VS Code"


def _npx(words: list[str]) -> str:
    name, _, version = words[0].rpartition("@")
    pinned = "".join(
        file.read_text(encoding="utf-8") for file in ROOT.glob("functions-host/functions_host/**/package.json")
    )
    return "" if f'"{name}": "{version}"' in pinned else f"not the version of {name} that is pinned"


def _missing_paths(words: list[str]) -> str:
    return ", ".join(word for word in words if "/" in word and "://" not in word and not (ROOT / word).exists())


def _unknown_options(words: list[str], known: str) -> str:
    options = [word.split("=")[0] for word in words if word.startswith("-")]
    return ", ".join(
        f"there is no {option}" for option in options if not re.search(rf"(?<![\w-]){option}(?![\w-])", known)
    )


def _only(*allowed: str) -> Check:
    return lambda words: "" if " ".join(words) in allowed else f"not {' or '.join(allowed)}"


_CHECKS: dict[str, Check] = {
    "uv run start": _start,
    "uvx functions-host": _start,
    "uv run pytest": _pytest,
    "uv run --group": _in_group,
    "uv run --directory functions-host python -m": _module,
    "uv lock": _sound,
    "uv run python": _missing_paths,
    "pip install": _only("uv", "-r requirements.txt"),
    "pipx install": _only("uv"),
    "curl -LsSf": _only("https://astral.sh/uv/install.sh"),
    "sh": _only(""),
    "powershell -ExecutionPolicy ByPass -c": _only("irm https://astral.sh/uv/install.ps1 | iex"),
    "git clone": _sound,
    "cd": lambda words: "" if words[0] == "remote-mcp-functions-python" else _missing_paths([f"./{words[0]}"]),
    "python tests/smoke.py": _smoke,
    "python -m venv": _only(".venv"),
    "source": _only(".venv/bin/activate"),
    "func": _only("start", "extensions install"),
    ".ci/run": _sound,
    "apt-get install": _only("bubblewrap", "bubblewrap passt"),
    "azd": _azd,
    "az": _az,
    "claude mcp list": _sound,
    "claude mcp add": _client,
    "copilot mcp add": _client,
    "gemini mcp add": _client,
    "code --add-mcp": _add_to_code,
    "npx": _npx,
    # These are run: test_pages.py and, against a pool, host_tests/pool/test_tutorial.py.
    "curl": _sound,
    "jq": _sound,
}
