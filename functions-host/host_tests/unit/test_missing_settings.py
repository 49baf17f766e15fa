"""What is said where no setting names the storage or the session pool, and where there is no local.settings.json."""

import json
from pathlib import Path

import pytest
from functions_host.app.settings import load_settings
from functions_host.missing_settings import missing_settings

from host_tests.requirements import shows

_ENDPOINT = "http://127.0.0.1:7072/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/sessionPools/local/mcp"
_BOTH = "no storage (AzureWebJobsStorage) and no session pool (SESSION_POOL_MCP_ENDPOINT): what needs them fails."


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app that asks for a session pool, in the folder src, without settings."""
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    (folder / "pool.py").write_text('os.environ["SESSION_POOL_MCP_ENDPOINT"]', encoding="utf-8")
    return folder


def _said(app: Path, **environment: str) -> list[str]:
    return missing_settings(load_settings(app, environment, 7071))


@shows("settings.missing")
def test_a_file_that_is_missing_is_named_with_what_is_therefore_missing_and_what_to_write(app: Path) -> None:
    (line,) = _said(app)
    said, _, written = line.partition(" Write it: ")
    assert said == f"There is no src/local.settings.json, hence {_BOTH}"
    (app / "local.settings.json").write_text(written, encoding="utf-8")
    assert _said(app) == []
    assert load_settings(app, {}, 7071).environment["SESSION_POOL_MCP_ENDPOINT"] == _ENDPOINT


@shows("settings.missing")
def test_settings_that_a_file_does_not_have_are_named_with_values_for_this_machine(app: Path) -> None:
    (app / "local.settings.json").write_text('{"IsEncrypted": false, "Values": {}}', encoding="utf-8")
    assert _said(app, SESSION_POOL_MCP_ENDPOINT=_ENDPOINT) == [
        "src/local.settings.json names no storage (AzureWebJobsStorage): what needs it fails. Add to its Values: "
        '"AzureWebJobsStorage": "UseDevelopmentStorage=true"'
    ]
    (line,) = _said(app)
    said, _, members = line.partition(" Add to its Values: ")
    assert said == f"src/local.settings.json names {_BOTH}"
    assert json.loads(f"{{{members}}}")["SESSION_POOL_MCP_ENDPOINT"] == _ENDPOINT


@shows("settings.missing")
def test_a_sample_of_the_file_is_to_be_copied(app: Path) -> None:
    (app / "local.settings.sample.json").touch()
    copy = "Copy local.settings.sample.json to that name, and fill in what it asks for."
    assert _said(app) == [f"There is no src/local.settings.json, hence {_BOTH} {copy}"]
    settings = {"AzureWebJobsStorage": "x", "SESSION_POOL_MCP_ENDPOINT": _ENDPOINT}
    assert _said(app, **settings) == [f"There is no src/local.settings.json. {copy}"]


@shows("settings.missing")
def test_nothing_is_said_where_nothing_is_missing(app: Path) -> None:
    assert _said(app, AzureWebJobsStorage__accountName="x", SESSION_POOL_MCP_ENDPOINT=_ENDPOINT) == []
    (app / "pool.py").unlink()
    assert _said(app, ConnectionStrings__AzureWebJobsStorage="x") == []
