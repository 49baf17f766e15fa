"""What is kept when everything is stopped and started again, and what others find in the storage."""

import re
from pathlib import Path

import anyio
import pytest

from host_tests.requirements import shows
from host_tests.servers import SAMPLES, azurite_connection_string, free_port, running_server
from host_tests.wire.clients import Connect, get, save
from host_tests.wire.raw_http import call, post


@shows("storage.overwrite")
def test_snippets_survive_a_restart_and_the_storage_sdk_reads_the_same_bytes(tmp_path: Path, connect: Connect) -> None:
    from azure.storage.blob import BlobServiceClient

    storage = azurite_connection_string(free_port())
    with running_server(SAMPLES, storage=storage, data=tmp_path) as server:
        target = server.target

        async def save_one() -> None:
            async with connect(target) as session:
                await save(session, "snippet1", "größer = '😀'\r\n")

        anyio.run(save_one)
    with running_server(SAMPLES, storage=storage, data=tmp_path) as server:
        target = server.target

        async def get_one() -> None:
            async with connect(target) as session:
                assert await get(session, "snippet1") == "größer = '😀'\r\n"

        anyio.run(get_one)
        with BlobServiceClient.from_connection_string(storage) as service:
            blob = service.get_blob_client("snippets", "snippet1.json").download_blob()
            assert blob.readall() == "größer = '😀'\r\n".encode()
            assert blob.properties.content_settings.content_type == "application/octet-stream"
            assert re.fullmatch(r"[0-9a-f-]{36}", blob.properties.metadata["AzureWebJobsParentId"])


@shows("storage.overwrite")
def test_metadata_of_a_blob_is_kept_when_a_snippet_replaces_it(tmp_path: Path) -> None:
    from azure.storage.blob import BlobServiceClient

    storage = azurite_connection_string(free_port())
    with (
        running_server(SAMPLES, storage=storage, data=tmp_path) as server,
        BlobServiceClient.from_connection_string(storage) as service,
    ):
        service.create_container("snippets")
        blob = service.get_blob_client("snippets", "mine.json")
        blob.upload_blob(b"old", metadata={"owner": "me"})
        post(server.target, call("savesnippet", {"snippetname": "mine", "snippet": "new"}))
        assert blob.download_blob().readall() == b"new"
        assert blob.get_blob_properties().metadata["owner"] == "me"


@shows("storage.overwrite")
def test_a_snippet_that_another_program_changed_or_deleted_meanwhile_is_replaced_with_what_that_left(
    tmp_path: Path,
) -> None:
    from azure.storage.blob import BlobServiceClient

    storage = azurite_connection_string(free_port())
    with (
        running_server(SAMPLES, storage=storage, data=tmp_path) as server,
        BlobServiceClient.from_connection_string(storage) as service,
    ):
        blob = service.get_blob_client("snippets", "mine.json")

        def save_text(text: str) -> None:
            result = post(server.target, call("savesnippet", {"snippetname": "mine", "snippet": text})).event["result"]
            assert "isError" not in result
            assert blob.download_blob().readall() == text.encode()

        save_text("first")
        blob.set_blob_metadata({"owner": "me"})
        save_text("after a change")
        assert blob.get_blob_properties().metadata["owner"] == "me"
        save_text("again")
        assert blob.get_blob_properties().metadata["owner"] == "me"
        blob.delete_blob()
        save_text("after a deletion")
        assert "owner" not in blob.get_blob_properties().metadata
        service.delete_container("snippets")
        save_text("in a new container")


@shows("storage.other-blob-types")
@pytest.mark.parametrize("blob_type", ["AppendBlob", "PageBlob"])
def test_a_blob_that_no_snippet_can_replace_fails_the_call_and_stays(tmp_path: Path, blob_type: str) -> None:
    from azure.storage.blob import BlobServiceClient

    storage = azurite_connection_string(free_port())
    with (
        running_server(SAMPLES, storage=storage, data=tmp_path) as server,
        BlobServiceClient.from_connection_string(storage) as service,
    ):
        service.create_container("snippets")
        blob = service.get_blob_client("snippets", "mine.json")
        blob.upload_blob(b"x" * 512, blob_type=blob_type)
        answer = post(server.target, call("savesnippet", {"snippetname": "mine", "snippet": "new"}))
        assert answer.event["result"]["isError"] is True
        assert blob.download_blob().readall() == b"x" * 512
