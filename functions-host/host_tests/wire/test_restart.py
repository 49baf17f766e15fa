"""What is kept when everything is stopped and started again, and what others find in the storage."""

import re
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from host_tests.requirements import shows
from host_tests.servers import SAMPLES, Server, azurite_connection_string, free_port, running_server
from host_tests.wire.clients import connect_sse, connect_streamable_http, get, save
from host_tests.wire.raw_http import call, post


@shows("storage.overwrite")
def test_snippets_survive_a_restart_and_the_storage_sdk_reads_the_same_bytes(tmp_path: Path) -> None:
    storage = azurite_connection_string(free_port())
    both = {"over-http": connect_streamable_http, "over-sse": connect_sse}
    with running_server(SAMPLES, storage=storage, data=tmp_path) as server:
        target = server.target

        async def save_them() -> None:
            for name, connect in both.items():
                async with connect(target) as session:
                    await save(session, name, f"größer = '{name} 😀'\r\n")

        anyio.run(save_them)
    with running_server(SAMPLES, storage=storage, data=tmp_path) as server:
        target = server.target

        async def get_them() -> None:
            for name, connect in both.items():
                async with connect(target) as session:
                    assert await get(session, name) == f"größer = '{name} 😀'\r\n"

        anyio.run(get_them)
        with BlobServiceClient.from_connection_string(storage) as service:
            for name in both:
                blob = service.get_blob_client("snippets", f"{name}.json").download_blob()
                assert blob.readall() == f"größer = '{name} 😀'\r\n".encode()
                assert blob.properties.content_settings.content_type == "application/octet-stream"
                assert re.fullmatch(r"[0-9a-f-]{36}", blob.properties.metadata["AzureWebJobsParentId"])


@pytest.fixture
def snippets(samples: Server, storage: str) -> Iterator[ContainerClient]:
    """The container of the shared server's snippets."""
    with BlobServiceClient.from_connection_string(storage) as service:
        container = service.get_container_client("snippets")
        if not container.exists():
            container.create_container()
        yield container


@shows("storage.overwrite")
def test_metadata_of_a_blob_is_kept_when_a_snippet_replaces_it(
    samples: Server, snippets: ContainerClient, name: str
) -> None:
    blob = snippets.get_blob_client(f"{name}.json")
    blob.upload_blob(b"old", metadata={"owner": "me"})
    post(samples.target, call("savesnippet", {"snippetname": name, "snippet": "new"}))
    assert blob.download_blob().readall() == b"new"
    assert blob.get_blob_properties().metadata["owner"] == "me"


@shows("storage.overwrite")
def test_a_snippet_that_another_program_changed_or_deleted_meanwhile_is_replaced_with_what_that_left(
    samples: Server, snippets: ContainerClient, name: str
) -> None:
    blob = snippets.get_blob_client(f"{name}.json")

    def save_text(text: str) -> None:
        result = post(samples.target, call("savesnippet", {"snippetname": name, "snippet": text})).event["result"]
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
    snippets.delete_container()
    save_text("in a new container")


@shows("storage.other-blob-types")
@pytest.mark.parametrize("blob_type", ["AppendBlob", "PageBlob"])
def test_a_blob_that_no_snippet_can_replace_fails_the_call_and_stays(
    samples: Server, snippets: ContainerClient, name: str, blob_type: str
) -> None:
    blob = snippets.get_blob_client(f"{name}.json")
    blob.upload_blob(b"x" * 512, blob_type=blob_type)
    answer = post(samples.target, call("savesnippet", {"snippetname": name, "snippet": "new"}))
    assert answer.event["result"]["isError"] is True
    assert blob.download_blob().readall() == b"x" * 512
