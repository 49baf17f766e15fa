"""Functions that nobody calls, on a real Azurite: timers, queues, blobs, and tools beside them."""

import base64
import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient

from host_tests.requirements import shows
from host_tests.servers import Server, running_server, wait_until
from host_tests.wire.raw_http import call, post

_APP = Path(__file__).parent.parent / "apps" / "background"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, to be saved."""
    return shutil.copytree(_APP, tmp_path_factory.mktemp("app") / "background")


@pytest.fixture(scope="module")
def server(storage: str, app: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(app, storage=storage, data=tmp_path_factory.mktemp("background")) as server:
        yield server


@pytest.fixture(scope="module")
def blobs(server: Server, storage: str) -> Iterator[BlobServiceClient]:
    with BlobServiceClient.from_connection_string(storage) as client:
        client.create_container("uploads")
        yield client


def _text(server: Server, tool: str, **arguments: object) -> str:
    (block,) = post(server.target, call(tool, arguments)).event["result"]["content"]
    return block["text"]


def _read(blobs: BlobServiceClient, path: str) -> str | None:
    container, _, name = path.partition("/")
    try:
        return blobs.get_blob_client(container, name).download_blob().readall().decode()
    except ResourceNotFoundError:
        return None


def _appears(blobs: BlobServiceClient, path: str) -> str:
    wait_until(lambda: _read(blobs, path) is not None)
    return _read(blobs, path) or ""


def _run(server: Server, function: str, text: str = "") -> int:
    origin = server.target.url.partition("/runtime/")[0]
    return httpx2.post(f"{origin}/admin/functions/{function}", json={"input": text}).status_code


def _runs(server: Server, function: str) -> int:
    return sum(f"Executed 'Functions.{function}" in line for line in server.lines)


@shows("timers.startup", "timers.value", "timers.zone")
def test_a_timer_that_runs_at_start_keeps_what_a_tool_reads(server: Server, blobs: BlobServiceClient) -> None:
    _appears(blobs, "kept/cache.json")
    told = json.loads(_text(server, "cached"))
    assert (told["past_due"], told["schedule"]) == (False, {"AdjustForDST": True})
    assert told["status"]["Last"] == "0001-01-01T00:00:00"
    assert told["status"]["Next"].endswith(("00:00+01:00", "00:00+02:00"))  # WEBSITE_TIME_ZONE


@shows("timers.retry")
def test_a_timer_that_fails_is_tried_again_as_its_policy_says(server: Server, blobs: BlobServiceClient) -> None:
    assert _appears(blobs, "kept/tries.txt") == "2 of 3"
    assert "'Functions.stubborn' is tried again in 0 s, 2 of 3." in server.output


@shows("timers.by-hand")
def test_a_timer_runs_at_once_when_a_person_asks_for_it(server: Server, blobs: BlobServiceClient) -> None:
    assert _read(blobs, "kept/night.txt") is None
    assert _run(server, "By_Night") == 202
    assert _appears(blobs, "kept/night.txt") == "ran, {}"
    assert [_run(server, "no_such"), _run(server, "cached", "x")] == [404, 202]
    server.wait_for("'Functions.cached' was not run: 'cached' is run by MCP clients only: call its tool.")


@shows("timers.shown", "mixed.listed")
def test_the_terminal_shows_when_timers_run_next_and_what_is_none(server: Server) -> None:
    lines = [line.strip() for line in server.lines]
    shown = next(line for line in lines if line.startswith("by_night: timerTrigger, schedule 0 0 3 * * *, next run "))
    assert shown.endswith(("03:00:00+01:00", "03:00:00+02:00"))
    assert "make: queueTrigger, queue work" in lines
    assert "read_upload: blobTrigger, blob uploads/{name}.txt" in lines
    for name, reason in (
        ("no_schedule", "The schedule expression 'every day' was not recognized as a valid cron expression or"),
        ("no_queue", "A queue name can contain only letters, numbers, and dash(-) characters"),
    ):
        found = next(line for line in lines if line.startswith(f"The '{name}' function is in error"))
        assert reason in found
        assert "Trigger '" in found
        assert "(function_app.py line " in found


@shows("queues.trigger")
def test_a_function_drains_the_queue_that_a_tool_fills(server: Server, blobs: BlobServiceClient) -> None:
    assert _text(server, "order", name="chair") == "ordered chair"
    assert _appears(blobs, "made/chair-1") == "chair, True, True"


@shows("queues.poison")
def test_a_message_that_fails_each_time_goes_to_the_poison_queue(server: Server, blobs: BlobServiceClient) -> None:
    _text(server, "order", name="broken-table")
    server.wait_for("Message has reached MaxDequeueCount of 3")
    assert json.loads(_appears(blobs, "given-up/broken-table")) == {"name": "broken-table", "count": 2}
    assert _runs(server, "make' (Failed") == 3


@shows("queues.encoding")
def test_a_message_that_is_not_base64_is_given_up_with_the_reason(server: Server, storage: str) -> None:
    with QueueClient.from_connection_string(storage, "work") as queue:
        with contextlib.suppress(ResourceExistsError):
            queue.create_queue()
        queue.send_message('{"name": "plain text"}')
        server.wait_for("is not base64, which the Queues extension reads")
        server.wait_for("Moving message to queue 'work-poison'")
        queue.send_message(base64.b64encode(b'{"name": "lamp"}').decode())
    server.wait_for("Executed 'Functions.make' (Succeeded")


@shows("blobs.trigger")
def test_a_new_blob_and_a_changed_one_run_their_function_once_each(server: Server, blobs: BlobServiceClient) -> None:
    before = _runs(server, "read_upload")
    container = blobs.get_container_client("uploads")
    container.upload_blob("a/first.txt", b"\x00one", metadata={"by": "ann"})
    container.upload_blob("picture.png", b"none of its business")
    assert _appears(blobs, "reports/a/first") == "uploads/a/first.txt, 4, {'by': 'ann'}, b'\\x00one'"
    container.upload_blob("a/first.txt", b"two", overwrite=True)
    wait_until(lambda: "b'two'" in (_read(blobs, "reports/a/first") or ""))
    wait_until(lambda: _runs(server, "read_upload") == before + 2)


@shows("blobs.poison")
def test_a_blob_that_fails_each_time_is_told_to_a_queue(server: Server, blobs: BlobServiceClient, storage: str) -> None:
    blobs.get_container_client("uploads").upload_blob("bad.txt", b"broken")
    server.wait_for("The blob 'uploads/bad.txt' was tried 2 times")
    with QueueClient.from_connection_string(storage, "webjobs-blobtrigger-poison") as queue:
        (message,) = queue.receive_messages()
    told = json.loads(base64.b64decode(message.content))
    assert (told["FunctionId"], told["BlobName"]) == ("Host.Functions.read_upload", "bad.txt")


@shows("blobs.trigger", "timers.missed")
def test_an_app_that_is_loaded_again_does_nothing_twice_and_makes_up_for_a_missed_run(
    server: Server, blobs: BlobServiceClient, app: Path
) -> None:
    container = blobs.get_container_client("azure-webjobs-hosts")
    (status,) = container.list_blob_names(name_starts_with="timers/")
    assert status.endswith("/Host.Functions.refresh/status")
    kept = json.loads(container.download_blob(status).readall())
    assert set(kept) == {"Last", "Next", "LastUpdated"}
    missed = {"Last": "2020-01-01T00:00:00+00:00", "Next": "2020-01-01T01:00:00+00:00", "LastUpdated": kept["Last"]}
    container.upload_blob(status, json.dumps(missed), overwrite=True)
    before = _runs(server, "read_upload")
    (app / "function_app.py").touch()
    wait_until(lambda: json.loads(_text(server, "cached"))["past_due"])
    blobs.get_container_client("uploads").upload_blob("last.txt", b"new")
    assert "b'new'" in _appears(blobs, "reports/last")
    wait_until(lambda: _runs(server, "read_upload") > before)
    assert _runs(server, "read_upload") == before + 1
