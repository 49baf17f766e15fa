"""What functions behind queues and blobs are given, and what is no declaration of one."""

import json
from datetime import UTC, datetime

import pytest
from functions_host.app.settings import Configuration
from functions_host.app.trigger_options import read_trigger_options
from functions_host.bindings.raw_binding import RawBinding
from functions_host.errors import BindingError
from functions_host.storage.blob_store import BlobPath, StoredBlob
from functions_host.storage.queue_store import QueueMessage, QueueStore
from functions_host.triggers.blob_trigger import BlobCall, BlobTrigger, read_blob_trigger
from functions_host.triggers.queue_trigger import QueueCall, message_by_hand, read_queue_trigger

from host_tests.requirements import shows

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _message(text: str) -> QueueMessage:
    return QueueMessage("id", text, 2, _NOW, _NOW, _NOW, "receipt")


def _binding(**members: object) -> RawBinding:
    return RawBinding(json.dumps({"type": "blobTrigger", "direction": "in", "name": "it"} | members))


def _blob(path: str) -> StoredBlob:
    container, _, name = path.partition("/")
    return StoredBlob(BlobPath(container, name), f"http://a/{path}", "0x1", 3, "text/plain", _NOW, {"by": "ann"})


def _trigger(path: str, **members: object) -> BlobTrigger:
    return read_blob_trigger(_binding(path=path, **members), Configuration({"CONTAINER": "uploads"}))


@shows("queues.encoding")
def test_messages_are_base64_unless_host_json_says_none() -> None:
    assert QueueStore(Configuration({})).decode(_message("w6Q=")) == "ä".encode()
    assert QueueStore(Configuration({}), base64=False).decode(_message("ä")) == "ä".encode()
    with pytest.raises(BindingError, match="is not base64"):
        QueueStore(Configuration({})).decode(_message("plain"))
    none = read_trigger_options({"extensions": {"queues": {"messageEncoding": "None", "batchSize": 2}}})
    assert (none.queues.is_base64, none.queues.batch_size) == (False, 2)


@shows("queues.trigger")
def test_expressions_know_a_message_and_the_members_of_one_that_is_json() -> None:
    call = QueueCall(_message(""), b'{"Name": "chair", "list": [1]}', is_binary=False)
    data = call.binding_data("msg", None)
    assert (data["name"], data["dequeuecount"], data["id"]) == ("chair", "2", "id")
    assert "list" not in data
    assert data["queuetrigger"] == '{"Name": "chair", "list": [1]}'
    assert QueueCall(_message(""), b"\xff", is_binary=True).trigger_value().value == b"\xff"
    assert message_by_hand("by hand").trigger_value().value == "by hand"


@shows("queues.trigger")
@pytest.mark.parametrize("name", ["UPPER_CASE", "a", "-begin", "double--hyphen", "{expression}", "%NOPE%"])
def test_a_queue_that_cannot_be_is_an_error_of_its_function(name: str) -> None:
    with pytest.raises(BindingError):
        read_queue_trigger(_binding(queueName=name), Configuration({}))
    assert read_queue_trigger(_binding(queueName="ORDERS"), Configuration({})).public_name == "orders"


@shows("blobs.trigger")
def test_the_names_in_a_path_stand_for_its_parts() -> None:
    trigger = _trigger("%CONTAINER%/{folder}/{name}.{extension}")
    assert trigger.match(_blob("uploads/a/b/c.tar.gz")) == {"folder": "a/b", "name": "c.tar", "extension": "gz"}
    assert trigger.match(_blob("uploads/c.txt")) is None
    assert _trigger("uploads").match(_blob("uploads/anything")) == {}
    assert _trigger("uploads/exact.txt").match(_blob("uploads/exactxtxt")) is None


@shows("blobs.trigger")
def test_a_blob_is_text_bytes_or_a_client_as_its_parameter_wants_it() -> None:
    client = {"properties": {"SupportsDeferredBinding": True}}
    values = [
        BlobCall(_trigger("uploads/{name}", **members), _blob("uploads/a"), {"name": "a"}, b"\xc3\xa4").trigger_value()
        for members in ({}, {"dataType": "binary"}, client)
    ]
    assert [each.kind for each in values] == ["string", "bytes", "model_binding_data"]
    assert (values[0].value, values[1].value) == ("ä", b"\xc3\xa4")
    named = {"Connection": "AzureWebJobsStorage", "ContainerName": "uploads", "BlobName": "a"}
    assert json.loads(values[2].value) == named


@shows("blobs.trigger")
@pytest.mark.parametrize("path", ["UP/{name}", "{container}/a", "a_b/c", "%NOPE%/a"])
def test_a_container_that_cannot_be_is_an_error_of_its_function(path: str) -> None:
    with pytest.raises(BindingError):
        _trigger(path)
