"""src/session_pool.py against a pool and an ARM of this machine, with every variant known of them."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import session_pool
from executions import ExecutionError
from pool_connection import PoolSettings
from session_pool import SessionPool
from tests.pools import Fault, Pool, Quirks, new_id, rotate_key, running_pool, until
from tool_results import Image

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class _Token:
    token: str = "anything"


@dataclass
class _Identity:
    """A credential, and how often it was asked."""

    asked: list[str] = field(default_factory=list[str])

    async def get_token(self, *scopes: str) -> _Token:
        self.asked += scopes
        return _Token()


@asynccontextmanager
async def _client(pool: Pool, *, by_arm: bool = False, seconds: float = 30) -> AsyncGenerator[SessionPool]:
    """The client in src: with the key in its settings, or with nothing but the pool's resource id, as in Azure."""
    arm = PoolSettings(resource_id=pool.resource_id, resource_manager=pool.arm_endpoint)
    settings = arm if by_arm else PoolSettings(pool.endpoint, pool.key)
    client = SessionPool(settings, _Identity, seconds)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture(scope="module")
async def pool(anyio_backend: str) -> AsyncGenerator[Pool]:
    """A pool with room for all tests of this file."""
    async with running_pool(max_concurrent_sessions=50) as pool:
        yield pool


@pytest.fixture(scope="module")
def shared() -> str:
    """An environment for tests that do not care what is in it: one of its own takes a test half a second."""
    return new_id()


async def test_state_lives_between_runs(pool: Pool) -> None:
    async with _client(pool) as client:
        environment = await client.launch()
        await client.run_python(environment, "x = 100")
        ran = await client.run_python(environment, "x += 50; x")
        assert "150" in ran.text
        assert ran.environment_id == environment


async def test_without_an_environment_a_new_one_is_launched_and_named(pool: Pool) -> None:
    async with _client(pool) as client:
        first = await client.run_python(None, "print('here'); y = 1")
        assert first.stdout == "here\n"
        again = await client.run_python(first.environment_id, "print(y)")
        assert again.stdout == "1\n"


async def test_the_shell_reads_what_python_wrote(pool: Pool, shared: str) -> None:
    async with _client(pool) as client:
        await client.run_python(shared, "open('note.txt', 'w').write('shared')")
        ran = await client.run_shell(shared, "cat note.txt; exit 3")
        assert ran.stdout.strip() == "shared"
        assert ran.more["exitCode"] == 3


@pytest.mark.parametrize("tool_set", ["launchShell", "launchPythonEnvironment", "launchShellEnvironment", "four"])
async def test_every_known_set_of_tools_launches_and_runs_python_and_shell(
    pool: Pool, shared: str, with_quirks: Callable[..., None], tool_set: str
) -> None:
    with_quirks(tool_set=tool_set)
    async with _client(pool) as client:
        assert await client.launch() not in ("", shared)
        assert (await client.run_python(shared, "print(1)")).stdout == "1\n"
        ran = await client.run_shell(shared, "echo out; echo err >&2; exit 3")
        assert (ran.stdout.strip(), ran.stderr.strip(), ran.more["exitCode"]) == ("out", "err", 3)


@pytest.mark.parametrize(
    "quirks",
    [
        {"content": "stdout"},
        {"content": "missing"},
        {"structured_content": "nested"},
        {"structured_content": "missing"},
        {"structured_content": "missing", "content": "stdout"},
        {"sse_reply": True},
        {"key_casing": "isMcpServerEnabled"},
    ],
)
@pytest.mark.parametrize("by_arm", [False, True], ids=["key", "identity"])
async def test_every_known_form_of_a_result_is_read(
    pool: Pool, shared: str, with_quirks: Callable[..., None], quirks: dict[str, object], by_arm: bool
) -> None:
    with_quirks(**quirks)
    async with _client(pool, by_arm=by_arm) as client:
        assert (await client.run_python(shared, "print(1)")).stdout.strip() == "1"


@pytest.mark.parametrize("exception", ["stderr", "is-error", "status"])
async def test_code_that_raises_has_run_and_tells_how_it_failed(
    pool: Pool, shared: str, with_quirks: Callable[..., None], exception: str
) -> None:
    with_quirks(exception=exception)
    async with _client(pool) as client:
        ran = await client.run_python(shared, "print('before'); {}['nothing']")
        assert ran.stdout == "before\n"
        assert "KeyError" in ran.stderr


@pytest.mark.parametrize("carrier", ["http-401", "http-401-empty", "json-rpc"])
async def test_a_key_rotated_in_mid_run_is_fetched_once_more(
    pool: Pool, shared: str, with_quirks: Callable[..., None], carrier: str
) -> None:
    with_quirks(refused_key=carrier)
    async with _client(pool, by_arm=True) as client:
        await client.launch()
        await rotate_key(pool)
        assert (await client.run_python(shared, "print(1)")).stdout == "1\n"


@pytest.mark.parametrize("carrier", ["http-401", "http-401-empty", "json-rpc"])
async def test_a_key_that_is_refused_for_good_is_said(
    pool: Pool, with_quirks: Callable[..., None], carrier: str
) -> None:
    with_quirks(refused_key=carrier)
    client = SessionPool(PoolSettings(pool.endpoint, "wrong"))
    with pytest.raises(ExecutionError, match="refused its key") as said:
        await client.launch()
    await client.close()
    assert "wrong" not in str(said.value)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=404), "was not found"),
        (Fault(status=429), "is full"),
        (Fault(status=500), "whether the code ran is unknown"),
        (Fault(garbage=True), "cannot be read"),
        (Fault(hang=True), "did not answer"),
    ],
)
async def test_every_fault_ends_in_one_clear_sentence(
    pool: Pool, with_quirks: Callable[..., None], fault: Fault, said: str
) -> None:
    async with _client(pool, seconds=1.5) as client:
        await client.launch()
        with_quirks(fault=fault)
        with pytest.raises(ExecutionError, match=said):
            await client.run_python("never-made", "print(2)")


async def test_what_cannot_have_run_is_tried_again(pool: Pool, shared: str, with_quirks: Callable[..., None]) -> None:
    async with _client(pool) as client:
        with_quirks(fault=Fault(status=503, times=1))
        assert (await client.run_python(shared, "print(1)")).stdout == "1\n"


async def test_what_may_have_run_is_not_tried_again(pool: Pool, shared: str, with_quirks: Callable[..., None]) -> None:
    async with _client(pool) as client:
        await client.run_python(shared, "n = 0")
        with_quirks(fault=Fault(status=500, after_running=True, times=1))
        with pytest.raises(ExecutionError, match="unknown"):
            await client.run_python(shared, "n += 1")
        assert (await client.run_python(shared, "print(n)")).stdout == "1\n"


async def test_a_slow_pool_is_waited_for(pool: Pool, shared: str, with_quirks: Callable[..., None]) -> None:
    with_quirks(fault=Fault(delay_seconds=0.3))
    async with _client(pool) as client:
        assert (await client.run_python(shared, "print(1)")).stdout == "1\n"


@pytest.fixture(scope="module")
async def full(anyio_backend: str) -> AsyncGenerator[Pool]:
    """A pool whose only place is taken, by the environment `first`."""
    async with running_pool(max_concurrent_sessions=1) as pool:
        async with _client(pool) as client:
            await client.run_python("first", "print(1)")
        yield pool


@pytest.mark.parametrize("carrier", ["http-429", "http-429-wrapped", "http-404", "http-500", "json-rpc", "is-error"])
async def test_a_full_pool_is_said_with_what_to_try(full: Pool, carrier: str) -> None:
    full.quirks = replace(Quirks(), capacity=carrier)  # pyright: ignore[reportArgumentType]
    async with _client(full) as client:
        with pytest.raises(ExecutionError, match=r"is full.*environment you already have"):
            await client.run_python("second", "print(1)")
        assert (await client.run_python("first", "print(1)")).stdout == "1\n"


async def test_a_pool_that_was_full_takes_a_new_environment_when_one_is_gone() -> None:
    async with running_pool(max_concurrent_sessions=1, cool_down_seconds=0.05) as pool, _client(pool) as client:
        await client.run_python("first", "print(1)")
        await until(lambda: len(pool.environments) == 0)
        assert (await client.run_python("second", "print(2)")).stdout == "2\n"


@pytest.fixture(scope="module")
async def forgetful(anyio_backend: str) -> AsyncGenerator[Pool]:
    """A pool whose environment `gone` has expired."""
    async with running_pool(cool_down_seconds=0.05) as pool:
        async with _client(pool) as client:
            await client.run_python("gone", "print(1)")
        await until(lambda: pool.environments.has_expired("gone"))
        yield pool


@pytest.mark.parametrize("carrier", ["json-rpc", "invalid-params", "is-error", "http-404"])
async def test_an_expired_environment_is_said_with_what_to_do(forgetful: Pool, carrier: str) -> None:
    forgetful.quirks = replace(Quirks(), expired=carrier)  # pyright: ignore[reportArgumentType]
    async with _client(forgetful) as client:
        with pytest.raises(ExecutionError, match=r"does not exist any more.*launchShell"):
            await client.run_python("gone", "print(1)")


async def test_a_pool_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_pool, "_RETRY_PAUSES", (0, 0.1))
    client = SessionPool(PoolSettings("http://127.0.0.1:9/mcp", "key"))
    with pytest.raises(ExecutionError, match="cannot be reached"):
        await client.launch()
    await client.close()


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9/mcp"], ids=["no endpoint known", "endpoint known"])
async def test_a_pool_without_an_mcp_server_is_said_with_what_is_missing(
    pool: Pool, with_quirks: Callable[..., None], endpoint: str | None
) -> None:
    with_quirks(mcp_is_off=True)
    settings = PoolSettings(endpoint, resource_id=pool.resource_id, resource_manager=pool.arm_endpoint)
    client = SessionPool(settings, _Identity)
    for call in (client.launch(), client.run_python(None, "print(1)"), client.run_shell(None, "ls")):
        with pytest.raises(ExecutionError, match=r"has no MCP server.*SessionPoolsSupportMCP of Microsoft\.App"):
            await call
    await client.close()


async def test_calls_of_one_environment_take_turns_and_others_do_not_wait(pool: Pool, shared: str) -> None:
    async with _client(pool) as client:
        slow, fast = new_id(), shared
        await client.run_python(fast, "pass")
        order: list[str] = []

        async def run(name: str, environment: str, code: str) -> None:
            await client.run_python(environment, code)
            order.append(name)

        async with anyio.create_task_group() as group:
            group.start_soon(run, "slow", slow, "import time; time.sleep(0.5)")
            await anyio.lowlevel.checkpoint()
            group.start_soon(run, "behind it", slow, "pass")
            group.start_soon(run, "elsewhere", fast, "pass")
        assert order == ["elsewhere", "slow", "behind it"]


async def test_after_a_time_out_the_model_has_the_output_the_environment_and_what_was_lost() -> None:
    async with running_pool(execution_seconds=0.7) as pool, _client(pool) as client:
        environment = new_id()
        slow = "import sys, time\nfor n in range(200): print('line', n)\nprint('why', file=sys.stderr)\ntime.sleep(600)"
        with pytest.raises(ExecutionError) as told:
            await client.run_python(environment, slow)
        text = str(told.value)
        assert "took longer than" in text
        assert "Its variables are kept." in text
        assert "line 0\nline 1\n" in text
        assert "stderr:\nwhy\n" in text
        assert text.endswith(f"environmentId: {environment}")
        stubborn = "while True:\n try:\n  time.sleep(600)\n except BaseException: pass"
        with pytest.raises(ExecutionError, match=r"Its variables are lost; files stay\."):
            await client.run_python(environment, stubborn)
        with pytest.raises(ExecutionError, match=r"began[\s\S]*Exit code: -1"):
            await client.run_shell(environment, "echo began; sleep 600")


async def test_an_environment_that_is_busy_for_long_is_said(
    pool: Pool, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_pool, "_TURN_SECONDS", 0.2)
    async with _client(pool) as client, anyio.create_task_group() as group:
        await client.run_python(shared, "import threading; go = threading.Event()")
        group.start_soon(client.run_python, shared, "_ = go.wait(1)")
        await anyio.lowlevel.checkpoint()
        with pytest.raises(ExecutionError, match="still runs an earlier call"):
            await client.run_python(shared, "print(1)")


async def test_a_command_longer_than_an_argument_runs(pool: Pool, shared: str) -> None:
    async with _client(pool) as client:
        ran = await client.run_shell(shared, f": {'x' * 200_000}\ncat; echo größer; exit 3")
        assert (ran.stdout, ran.stderr, ran.more["exitCode"]) == ("größer\n", "", 3)


@asynccontextmanager
async def _answering(answer: bytes, context: ssl.SSLContext | None = None) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Runs a server that answers each request with the same bytes; gives its address, and what it is sent."""
    heard: list[bytes] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            heard.append(await reader.read(65536))
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0, ssl=context)
    scheme = "https" if context else "http"
    try:
        yield f"{scheme}://localhost:{server.sockets[0].getsockname()[1]}/mcp", heard
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


@asynccontextmanager
async def _client_at(address: str) -> AsyncGenerator[SessionPool]:
    client = SessionPool(PoolSettings(address, "the-key"))
    try:
        yield client
    finally:
        await client.close()


async def test_a_redirect_is_not_followed_and_the_key_goes_nowhere() -> None:
    async with _answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as (other, heard):
        moved = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n"
        async with _answering(moved.encode()) as (address, _), _client_at(address) as client:
            with pytest.raises(ExecutionError, match=r"sends on to another one \(HTTP 307\), which is not followed"):
                await client.run_python("somewhere", "print(1)")
        assert heard == []


@pytest.mark.parametrize("length", ["Content-Length: 100000000\r\n", ""])
async def test_an_answer_that_is_too_long_is_not_read(length: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\n{length}\r\n".encode() + b"x" * (20 * 1024 * 1024)
    async with _answering(answer) as (address, _), _client_at(address) as client:
        with pytest.raises(ExecutionError, match="longer than 16 MB"):
            await client.run_python("somewhere", "print(1)")


async def test_a_server_without_a_certificate_that_is_trusted_gets_nothing(tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_self_signed(tmp_path))
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    async with _answering(answer, context) as (address, heard), _client_at(address) as client:
        with pytest.raises(ExecutionError, match=r"cannot be trusted: .*certificate.*Nothing was sent"):
            await client.run_python("somewhere", "print(1)")
        assert b"".join(heard) == b""


def _self_signed(folder: Path) -> Path:
    """Writes a certificate for localhost that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    return file


_SHOWN = """
import base64
from IPython.display import Image, display
display(Image(data=base64.b64decode("iVBORw0KGgo="), format="png"))
"""


async def test_a_picture_that_a_pool_carries_becomes_an_image(
    pool: Pool, shared: str, with_quirks: Callable[..., None]
) -> None:
    async with _client(pool) as client:
        assert (await client.run_python(shared, _SHOWN)).images == []
        with_quirks(pictures="value")
        assert (await client.run_python(shared, _SHOWN)).images == [Image(b"\x89PNG\r\n\x1a\n")]
