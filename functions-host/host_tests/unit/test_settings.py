"""host.json and local.settings.json."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from functions_host.app.settings import Configuration, McpOptions, Settings, load_settings
from functions_host.errors import BindingError, PersonError
from functions_host.storage.connections import azurite_blob_port, azurite_queue_port, storage_connection_string

from host_tests.requirements import shows


def _load(app: Path, host: Mapping[str, object], values: Mapping[str, object], **environment: str) -> Settings:
    (app / "host.json").write_text(json.dumps({"version": "2.0", **host}), encoding="utf-8")
    settings = {"IsEncrypted": False, "Values": values, "ConnectionStrings": {"Db": {"ConnectionString": "c"}}}
    (app / "local.settings.json").write_text(json.dumps(settings), encoding="utf-8-sig")
    return load_settings(app, environment, 7071)


@shows("initialize.server", "settings.defaults", "settings.timeout")
def test_what_is_not_set_has_the_defaults_of_the_extension(tmp_path: Path) -> None:
    settings = _load(tmp_path, {}, {})
    assert settings.mcp == McpOptions("Azure Functions MCP server", "1.0.0", None, use_absolute_uri_for_endpoint=False)
    assert settings.function_timeout == 1800


@shows("sse.absolute-endpoint", "settings.any-case")
def test_names_are_found_in_any_case(tmp_path: Path) -> None:
    host = {"Extensions": {"MCP": {"SERVERNAME": "n", "messageoptions": {"UseAbsoluteUriForEndpoint": True}}}}
    assert _load(tmp_path, host, {}).mcp == McpOptions("n", use_absolute_uri_for_endpoint=True)


@shows("settings.overrides")
def test_the_environment_overrides_host_json(tmp_path: Path) -> None:
    overrides = {
        "AzureFunctionsJobHost__extensions__mcp__serverName": "from environment",
        "AzureFunctionsJobHost__functionTimeout": "00:00:05",
    }
    settings = _load(
        tmp_path, {"extensions": {"mcp": {"serverName": "from file", "instructions": ""}}}, {}, **overrides
    )
    assert (settings.mcp.server_name, settings.mcp.instructions) == ("from environment", "")
    assert settings.function_timeout == 5


@shows("settings.timeout")
@pytest.mark.parametrize(
    ("text", "seconds"), [("00:05:00", 300), ("1.00:00:00", 86400), ("00:00:01.5", 1.5), ("-1", None), (-1, None)]
)
def test_function_timeout_is_a_time_span(tmp_path: Path, text: object, seconds: float | None) -> None:
    assert _load(tmp_path, {"functionTimeout": text}, {}).function_timeout == seconds


@shows("settings.values", "settings.core-tools")
def test_values_become_the_environment_of_the_worker_and_the_environment_wins(tmp_path: Path) -> None:
    values = {"A": "file", "B": "file", "C": None, "D": True, "E": 5, "": "nameless"}
    settings = _load(tmp_path, {}, values, B="environment", PATH="p")
    environment = settings.environment
    assert [environment.get(name) for name in "ABCDE"] == ["file", "environment", None, "True", "5"]
    assert environment["ConnectionStrings__Db"] == "c"
    assert environment["FUNCTIONS_CORETOOLS_ENVIRONMENT"] == "True"
    assert environment["WEBSITE_HOSTNAME"] == "localhost:7071"
    assert "Skipping 'C' because value is null" in settings.notices
    assert "Skipping local setting with empty key." in settings.notices


_BUNDLE = "Microsoft.Azure.Functions.ExtensionBundle"


@shows("settings.bundle")
@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        (None, "has no extensionBundle"),
        ({"id": "Mine", "version": "[4.*, 5.0.0)"}, "'Mine' in host.json does not hold the MCP extension"),
        ({"id": _BUNDLE, "version": "[3.*, 4.0.0)"}, "[3.*, 4.0.0) in host.json is too old"),
        ({"id": _BUNDLE, "version": "[2.*, 3.0.0)"}, "is too old"),
        ({"id": _BUNDLE, "version": "[3.3.0]"}, "is too old"),
        ({"id": _BUNDLE, "version": "4"}, "'4' of the extensionBundle in host.json is no range"),
        ({"id": _BUNDLE}, "is no range"),
    ],
)
def test_a_bundle_that_cannot_hold_the_mcp_extension_is_noticed(tmp_path: Path, bundle: object, said: str) -> None:
    host = {} if bundle is None else {"extensionBundle": bundle}
    assert [notice for notice in _load(tmp_path, host, {}).notices if said in notice]


@shows("settings.bundle")
@pytest.mark.parametrize(
    "version", ["[4.*, 5.0.0)", "[4.0.0, 5.0.0)", "[3.*, 5.0.0)", "[3.0, 4.30.0)", "[4.29.0]", "[3.*, 4.*]"]
)
@pytest.mark.parametrize("kind", ["", ".Preview", ".Experimental"])
def test_a_bundle_that_can_is_not(tmp_path: Path, version: str, kind: str) -> None:
    bundle = {"id": _BUNDLE + kind, "version": version}
    assert not [each for each in _load(tmp_path, {"extensionBundle": bundle}, {}).notices if "undle" in each]


@shows("storage.queue")
def test_queue_messages_that_are_not_base64_are_refused(tmp_path: Path) -> None:
    queues = {"extensions": {"queues": {"messageEncoding": "utf-8"}}}
    with pytest.raises(PersonError, match=r"messageEncoding in host\.json is 'utf-8'"):
        _load(tmp_path, queues, {})


@shows("settings.connections")
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("AzureWebJobsStorage", {"AzureWebJobsStorage": "found"}),
        ("Storage", {"AzureWebJobsStorage": "found"}),
        ("", {"AzureWebJobsStorage": "found"}),
        ("Mine", {"mine": "found", "Other": "x"}),
        ("Mine", {"ConnectionStrings__Mine": "found", "Mine": "later"}),
        ("Mine", {"ConnectionStrings:AzureWebJobsMine": "found", "AzureWebJobsMine": "later"}),
    ],
)
def test_a_connection_is_looked_up_in_the_order_of_the_host(name: str, settings: dict[str, str]) -> None:
    assert storage_connection_string(Configuration(settings), name) == "found"


@shows("settings.identity")
@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "Storage account connection string 'AzureWebJobsMine' does not exist."),
        ({"Mine__accountName": "a"}, "identity-based"),
        ({"Mine": "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://x"}, "is not modelled"),
    ],
)
def test_a_connection_that_cannot_be_used_here_is_said(settings: dict[str, str], problem: str) -> None:
    with pytest.raises(BindingError, match=problem):
        storage_connection_string(Configuration(settings), "Mine")


@shows("settings.connections")
@pytest.mark.parametrize(
    ("text", "port", "queue_port"),
    [
        ("UseDevelopmentStorage=true", 10000, 10001),
        ("AccountName=devstoreaccount1;BlobEndpoint=http://127.0.0.1:11000/devstoreaccount1", 11000, None),
        ("AccountName=devstoreaccount1;QueueEndpoint=http://localhost:11001/devstoreaccount1", None, 11001),
        ("AccountName=devstoreaccount1;BlobEndpoint=http://storage.example:10000/devstoreaccount1", None, None),
        ("AccountName=mine;BlobEndpoint=https://mine.blob.core.windows.net", None, None),
    ],
)
def test_the_azurite_of_this_machine_is_known_by_its_connection_string(
    text: str, port: int | None, queue_port: int | None
) -> None:
    assert (azurite_blob_port(text), azurite_queue_port(text)) == (port, queue_port)


@shows("settings.lenient")
def test_comments_and_a_last_comma_are_taken_as_newtonsoft_takes_them(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text(
        '// the host\n{"version": "2.0", /* not yet: "functionTimeout": "soon", */\n'
        '"extensions": {"mcp": {"instructions": "see // here, /* and */ here,]",},},\n}\n',
        encoding="utf-8",
    )
    (tmp_path / "local.settings.json").write_text(
        '{"IsEncrypted": false, // func wants this\n"Values": {"A": "https://a",},}', encoding="utf-8-sig"
    )
    settings = load_settings(tmp_path, {}, 7071)
    assert settings.mcp.instructions == "see // here, /* and */ here,]"
    assert settings.environment["A"] == "https://a"


@shows("settings.lenient")
def test_what_is_wrong_behind_a_comment_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": /* 2 */ "2.0",\n// more\n"b"}', encoding="utf-8")
    with pytest.raises(PersonError, match=r"host.json is not valid JSON: Expecting ':' delimiter: line 3 column 4"):
        load_settings(tmp_path, {}, 7071)


@shows("settings.lenient")
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_file_in_another_encoding_is_one_sentence(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0", "é": 1}', encoding=encoding)
    said = "is not written in UTF-8." if encoding == "latin-1" else "is written in UTF-16."
    with pytest.raises(PersonError) as error:
        load_settings(tmp_path, {}, 7071)
    assert error.value.sentence == f"{tmp_path.resolve() / 'host.json'} {said}"
