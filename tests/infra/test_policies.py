"""The files that deploy keep the policies, and each kind of mistake is caught without a compiler or Azure."""

import shutil
from pathlib import Path

import pytest

from tests.infra.policies import problems
from tests.infra.settings import settings_read

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the policies read, to make mistakes in."""
    for folder in ("infra", "src"):
        shutil.copytree(_ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(_ROOT / "azure.yaml", tmp_path)
    return tmp_path


def test_the_files_keep_every_policy() -> None:
    assert problems(_ROOT) == []


# file, what stands there, the mistake, what the policies say of it
_MISTAKES = {
    "keys read in a template": (
        "infra/storage.bicep", "output id string = account.id",
        "output id string = account.listKeys().keys[0].value", "keys are not read",
    ),
    "a module from a registry": (
        "infra/main.bicep", "'identity.bicep'", "'br/public:avm/res/managed-identity:0.4.0'", "need a network",
    ),
    "a wrong service tag": (
        "infra/function-app.bicep", "'azd-service-name': 'mcp'", "'azd-service-name': 'api'", "azd looks for the tag",
    ),
    "a service of another name": ("azure.yaml", "\n  mcp:\n", "\n  api:\n", "azd looks for the tag"),
    "a misspelt language": ("azure.yaml", "language: python", "language: pyhton", "the service is"),
    "a misspelt key of azure.yaml": ("azure.yaml", "requiredVersions:", "requiredVersion:", "no key of azd"),
    "a hook that is not there": ("azure.yaml", "python3 infra/hooks/after_up.py", "python3 scripts/up.py", "postup"),
    "a variable that a pipeline would lack": (
        "azure.yaml", "    - VNET_ENABLED\n", "", "do not both have VNET_ENABLED",
    ),
    "an abbreviation that is not used": (
        "infra/abbreviations.json", '"appSessionPools"', '"appPools"', "appPools is not in both",
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


@pytest.mark.parametrize(
    "code", ['environ.get("NOT_SET")', 'environ["NOT_SET"]', "blob(connection=NAME)", 'getenv(f"{NAME}__x")']
)
def test_a_setting_that_src_reads_is_seen(tmp_path: Path, code: str) -> None:
    (tmp_path / "mistake.py").write_text(f'NAME = "NOT_SET"\nos.{code}\n', encoding="utf-8")
    assert settings_read(tmp_path) == {"NOT_SET"}
