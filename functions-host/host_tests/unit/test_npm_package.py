"""Installing what runs on Node."""

import io
from pathlib import Path

import anyio
import pytest
from functions_host import npm_package
from functions_host.console import Console
from functions_host.errors import PersonError
from functions_host.storage.azurite import PACKAGE


def test_without_a_network_one_sentence_says_so_and_nothing_half_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    said = io.StringIO()
    with pytest.raises(PersonError, match=r"azurite 3\.\d+\.\d+ could not be installed: .*127\.0\.0\.1:9") as refused:
        anyio.run(npm_package.install, PACKAGE, tmp_path / "cache", Console(said))
    assert refused.value.remedy == "Connect to the network and start again; it is needed only once."
    assert "Installing azurite" in said.getvalue()
    assert not list((tmp_path / "cache").iterdir())
