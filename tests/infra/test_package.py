"""What azd uploads: src, and nothing that lies about in it."""

from pathlib import Path

import pathspec

_SRC = Path(__file__).resolve().parents[2] / "src"
# azd leaves these out whatever .funcignore says.
_ALWAYS = (".azure/", ".funcignore", "local.settings.json")
_LITTER = (
    ".azure/dev/.env", ".git/HEAD", ".gitignore", ".vscode/settings.json", ".venv/pyvenv.cfg", ".venv/lib/site.py",
    "venv/pyvenv.cfg", ".python_packages/lib/x.py", "__pycache__/snippets.pyc", "snippets.pyc", ".pytest_cache/x",
    ".ruff_cache/x", "tests/test_x.py", "__azurite_db_blob__.json", "__blobstorage__/x", "__queuestorage__/x",
    "AzuriteConfig", "README.md", ".DS_Store", ".env",
)  # fmt: skip


def test_the_package_holds_the_app_and_nothing_else() -> None:
    present = {path.relative_to(_SRC).as_posix() for path in _SRC.rglob("*") if path.is_file()}
    lines = (_SRC / ".funcignore").read_text(encoding="utf-8").splitlines()
    ignored = pathspec.GitIgnoreSpec.from_lines([*lines, *_ALWAYS])
    packed = {file for file in present | {*_LITTER} if not ignored.match_file(file)}
    assert packed == {*(path.name for path in _SRC.glob("*.py")), "host.json", "requirements.txt"}
    assert "function_app.py" in packed
