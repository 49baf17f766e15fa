"""Blobs and queues in every shape in which a function can take or give them, in a real Azurite."""

import json
from pathlib import Path
from typing import Any

import pytest

from host_tests.requirements import shows
from host_tests.servers import Server, SharedServers, Target
from host_tests.wire.raw_http import call, post

_APP = Path(__file__).parent.parent / "apps" / "storage"


@pytest.fixture
def server(storage: str, shared_server: SharedServers) -> Server:
    return shared_server(_APP, storage=storage)


@pytest.fixture
def app(server: Server) -> Target:
    return server.target


def _result(app: Target, tool: str, **arguments: object) -> dict[str, Any]:
    return post(app, call(tool, arguments)).event["result"]


def _text(app: Target, tool: str, **arguments: object) -> str:
    result = _result(app, tool, **arguments)
    assert "isError" not in result, result
    (block,) = result["content"]
    return block["text"]


@shows("storage.output")
def test_generic_bindings_keep_and_read_a_text_as_in_microsofts_first_sample(app: Target) -> None:
    assert _text(app, "save", key="text", value="größe") == "kept"
    assert _text(app, "load", key="text") == "größe"


@shows("storage.text", "storage.binary")
def test_bytes_are_kept_as_they_are_and_read_so_where_the_data_type_is_binary(app: Target) -> None:
    assert _text(app, "save_bytes", key="bytes", value="efbbbfff00") == "kept"
    assert _text(app, "load_bytes", key="bytes") == "efbbbfff00"
    assert _text(app, "load_text", key="bytes") == "'\ufffd\\x00'"  # read as text, which loses them


@shows("storage.missing-blob")
def test_a_blob_that_does_not_exist_is_none_and_named_where_the_call_then_fails(server: Server) -> None:
    assert _text(server.target, "load_text", key="missing") == "None"
    assert _result(server.target, "load", key="nowhere")["isError"] is True
    server.wait_for("'file' of 'load' was None, since there is no blob 'notes/nowhere.txt'.")
    assert "no blob 'notes/missing.txt'" not in server.output


@shows("bindings.return")
def test_what_a_function_returns_can_be_its_output_and_is_its_result_as_well(app: Target) -> None:
    assert _text(app, "save_returned", key="returned", value="by return") == "by return"
    assert _text(app, "load", key="returned") == "by return"


@shows("bindings.return-members")
def test_the_members_of_a_returned_object_go_to_the_outputs_of_their_names(app: Target, storage: str) -> None:
    from azure.storage.blob import BlobServiceClient

    assert json.loads(_text(app, "save_member", key="member")) == {"copy": "copy of member"}
    with BlobServiceClient.from_connection_string(storage) as service:
        assert service.get_blob_client("notes", "member.copy").download_blob().readall() == b"copy of member"


@shows("storage.sdk-types")
def test_clients_of_the_storage_sdk_reach_the_blob_and_its_container(app: Target) -> None:
    _text(app, "save", key="client", value="x" * 10)
    assert _text(app, "look", key="client") == "notes/client.txt True"
    assert _text(app, "look", key="none") == "notes/none.txt False"
    assert "client.txt" in json.loads(_text(app, "names"))
    assert _text(app, "stream", key="client") == "x" * 10


@shows("expressions.missing", "bindings.before-the-function")
def test_a_binding_that_cannot_be_resolved_fails_the_call_whatever_its_type(app: Target) -> None:
    for tool in ("load", "look", "stream", "load_bytes", "save_returned"):
        result = _result(app, tool, key="back\\slash", value="x")
        assert result["isError"] is True
        assert result["content"][0]["text"] == f"An error occurred invoking '{tool}'."
    assert _result(app, "load", KEY="wrong case")["isError"] is True


@shows("storage.names-that-leave")
@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("../other-notes/secret", "other-notes/secret.txt"),
        ("../../../other-notes/above", "other-notes/above.txt"),
        ("./here", "notes/here.txt"),
        ("gone/../back", "notes/back.txt"),
        ("//in-front", "notes/in-front.txt"),
    ],
)
def test_a_name_leads_where_azure_goes_and_the_terminal_says_so(server: Server, key: str, place: str) -> None:
    app = server.target
    assert _text(app, "save", key=key, value=key) == "kept"
    said = server.wait_for(f"named the blob 'notes/{key}.txt', and '{place}' is written, here as in Azure")
    assert "'file' of 'save'" in said
    assert "check it in the function" in said
    assert _text(app, "load_text", key=f"../{place.removesuffix('.txt')}") == repr(key)
    assert _text(app, "look", key=key) == f"{place} True"


@shows("storage.names-that-leave")
@pytest.mark.parametrize("key", ["%2e%2e/other-notes/x", "..%2Fx", "a..b", "..."])
def test_a_name_that_only_looks_as_if_it_led_elsewhere_stays(app: Target, key: str) -> None:
    assert _text(app, "save", key=key, value="x") == "kept"
    assert f"{key}.txt" in json.loads(_text(app, "names"))


@shows("storage.names-that-leave")
def test_a_name_of_one_segment_above_is_that_of_a_blob_in_the_root_container(app: Target) -> None:
    assert _text(app, "load_text", key="../none") == "None"
    assert _result(app, "save", key="../none", value="x")["isError"] is True


@shows("expressions.arguments", "expressions.text")
@pytest.mark.parametrize(("value", "name"), [(5, "5"), (True, "True"), (1.50, "1.5")])
def test_a_path_is_made_of_the_arguments_as_text(app: Target, value: object, name: str) -> None:
    assert _text(app, "look", key=value) == f"notes/{name}.txt False"


def _messages(storage: str, queue: str) -> list[str]:
    from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy

    with QueueServiceClient.from_connection_string(storage) as service:
        client = service.get_queue_client(queue, message_decode_policy=TextBase64DecodePolicy())
        return [message.content for message in client.receive_messages()]


@shows("storage.queue")
def test_a_message_is_put_in_a_queue_that_is_made_for_it(app: Target, storage: str) -> None:
    assert _text(app, "send", queue="First", text="größer") == "sent"
    assert _text(app, "send", queue="first", text="second") == "sent"
    assert _messages(storage, "jobs-first") == ["größer", "second"]


@shows("storage.queue-lists")
def test_text_that_is_a_json_array_is_one_message_an_element(app: Target, storage: str) -> None:
    _text(app, "send", queue="array", text='["a", {"b": 1}, 5]')
    assert _messages(storage, "jobs-array") == ["a", '{\n  "b": 1\n}', "5"]


@shows("storage.queue-lists")
def test_a_list_is_as_many_messages(app: Target, storage: str) -> None:
    _text(app, "send_several", queue="list", texts=["one", "two"])
    assert _messages(storage, "jobs-list") == ["one", "two"]


@shows("storage.queue-refused")
def test_a_queue_that_cannot_be_fails_the_call(app: Target) -> None:
    assert _result(app, "send", queue="a--b", text="x")["isError"] is True
    assert _result(app, "send", queue="json", text="{not json}")["isError"] is True
