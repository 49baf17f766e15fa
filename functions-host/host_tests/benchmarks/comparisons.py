"""What is compared with what: the same work asked of several programs. The first of each comparison is ours."""

from dataclasses import dataclass, field

from host_tests.benchmarks import calls
from host_tests.benchmarks.calls import CALLER_NUMBER, HELLO, INITIALIZE, KB, LIST, REQUEST_NUMBER, Call
from host_tests.benchmarks.measurement import Transport
from host_tests.benchmarks.programs import Program
from host_tests.servers import POOL_PATH

CALLERS = (1, 8, 32, 128)
_MANY_ENVIRONMENTS = 32
_PEERS = "host_tests.benchmarks.peers."

OURS = Program("ours", ("-m", "functions_host", "--port", "{port}", "--data", "{data}", "--no-session-pool"))
_HTTP_APP = "functions-host/host_tests/benchmarks/http_app"
_OURS_OVER_HTTP = Program("ours over HTTP", (*OURS.arguments, "--app", _HTTP_APP))
_FASTMCP = Program("FastMCP default", ("-m", _PEERS + "fastmcp_server", "{port}", "default"))
_FASTMCP_FAST = Program("FastMCP stateless JSON", ("-m", _PEERS + "fastmcp_server", "{port}", "json"))
_FASTMCP_EVENT = Program("FastMCP stateless event", ("-m", _PEERS + "fastmcp_server", "{port}", "event"))
_FASTMCP_SSE = Program("FastMCP SSE", ("-m", _PEERS + "fastmcp_server", "{port}", "sse"))
_SDK = Program("mcp SDK stateless JSON", ("-m", _PEERS + "sdk_server", "{port}", "stateless"))
_SDK_SSE = Program("mcp SDK SSE", ("-m", _PEERS + "sdk_server", "{port}", "sse"))
_BARE = Program("bare Starlette", ("-m", _PEERS + "bare_server", "{port}"))

AZURITE = Program("Azurite", ("-m", _PEERS + "azurite", "{port}", "{data}"))
# One pool keeps the environments of all callers; in the other an environment ends with its first call.
_POOL = Program("session pool", ("-m", _PEERS + "session_pool", "{port}", str(2 * _MANY_ENVIRONMENTS), "300"))
_POOL_OF_NEW = Program("pool of new ones", ("-m", _PEERS + "session_pool", "{port}", "5", "0.05"))

_OUR_PATH = "/runtime/webhooks/mcp"


@dataclass(frozen=True)
class Contender:
    """One program, and how it is asked."""

    name: str
    program: Program | None
    """None for the script that uses the storage SDK directly: it makes its calls itself."""
    call: Call
    path: str = "/mcp"
    transport: Transport = "http"
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Comparison:
    """The same work asked of several programs, by so many callers at a time."""

    work: str
    callers: tuple[int, ...]
    contenders: tuple[Contender, ...]
    does: dict[str, str] = field(default_factory=dict[str, str])
    """What each contender does for one call, where that explains the difference."""


@dataclass(frozen=True)
class Phase:
    """Comparisons between the same programs, which run only meanwhile, and a session pool where one is needed."""

    comparisons: tuple[Comparison, ...]
    pool: Program | None = None


def _protocol(work: str, call: Call) -> Comparison:
    contenders = (
        Contender("ours", OURS, call, _OUR_PATH),
        Contender(_FASTMCP.name, _FASTMCP, call, transport="session"),
        Contender(_FASTMCP_FAST.name, _FASTMCP_FAST, call),
        Contender(_SDK.name, _SDK, call),
        Contender(_BARE.name, _BARE, call),
    )
    return Comparison(work, CALLERS, contenders)


def _http(work: str, call: Call) -> Comparison:
    """No MCP, on either side: a function over HTTP and a route that answer the same."""
    ours = Contender("ours", _OURS_OVER_HTTP, call, "/api/hello")
    return Comparison(work, CALLERS, (ours, Contender(_BARE.name, _BARE, call)))


def _protocol_over_sse(work: str, call: Call) -> Comparison:
    contenders = (
        Contender("ours", OURS, call, f"{_OUR_PATH}/sse", "sse"),
        Contender(_FASTMCP_SSE.name, _FASTMCP_SSE, call, "/sse", "sse"),
        Contender(_SDK_SSE.name, _SDK_SSE, call, "/sse", "sse"),
    )
    return Comparison(f"{work}, SSE", CALLERS, contenders)


_SNIPPET_WORK = {
    "ours": "worker: storage SDK, JSON in JSON; socket to the host: two readings of JSON, .NET's escapes, one event",
    "storage SDK directly": "storage SDK, text",
    _FASTMCP_EVENT.name: "storage SDK, a pydantic model of the result, JSON once, one event, in the same process",
    _FASTMCP_FAST.name: "the same, but for the event: it is a plain body, which the extension never answers with",
}


def _snippets(work: str, through_tool: Call, direct: Call) -> Comparison:
    """Here, ours to this is a tool with HTTP, MCP and the worker, to the call of the SDK that it cannot do without.

    Both have the same core, and the same Azurite on it.
    """
    directly = Contender("storage SDK directly", None, direct)
    ours = Contender("ours", OURS, through_tool, _OUR_PATH)
    peers = (Contender(each.name, each, through_tool) for each in (_FASTMCP_EVENT, _FASTMCP_FAST))
    return Comparison(work, CALLERS, (ours, directly, *peers), _SNIPPET_WORK if work.startswith("get") else {})


def _snippets_over_sse(work: str, through_tool: Call, direct: Call) -> Comparison:
    directly = Contender("storage SDK directly", None, direct)
    ours = Contender("ours", OURS, through_tool, f"{_OUR_PATH}/sse", "sse")
    return Comparison(f"{work}, SSE", CALLERS, (ours, directly))


def _at_pool(work: str, callers: int, through_tool: Call, direct: Call, pool: Program) -> Comparison:
    directly = Contender("pool directly", pool, direct, POOL_PATH, headers={"x-ms-apikey": "local-dev-key"})
    return Comparison(work, (callers,), (Contender("ours", OURS, through_tool, _OUR_PATH), directly))


def _prints(work: str, callers: int, environment: str, pool: Program) -> Comparison:
    return _at_pool(work, callers, calls.print_through_tool(environment), calls.print_at_pool(environment), pool)


_SAVED, _UPLOADED = f"saved-{CALLER_NUMBER}", f"uploaded-{CALLER_NUMBER}"
_REPLACED = ("savesnippet 1 KB, replaced", calls.save_snippet(_SAVED, KB), calls.upload(_UPLOADED, KB))
_SAVED_ANEW, _UPLOADED_ANEW = f"through-tool-{REQUEST_NUMBER}", f"directly----{REQUEST_NUMBER}"
_NEW_NAME = ("savesnippet 1 KB, new name", calls.save_snippet(_SAVED_ANEW, KB), calls.upload(_UPLOADED_ANEW, KB))
_READ = tuple(
    (f"getsnippet {size}", calls.get_snippet(characters), calls.download(characters))
    for size, characters in (("1 KB", KB), ("100 KB", 100 * KB), ("1 MB", KB * KB))
)
_LAUNCH = calls.launch()

PHASES = (
    Phase(
        (_protocol("initialize", INITIALIZE), _protocol("tools/list", LIST), _protocol("tools/call hello", HELLO)),
    ),
    Phase((_http("HTTP hello", HELLO),)),
    Phase(
        (
            _protocol_over_sse("initialize", INITIALIZE),  # again and again on one stream
            _protocol_over_sse("tools/list", LIST),
            _protocol_over_sse("tools/call hello", HELLO),
        ),
    ),
    Phase((_snippets(*_REPLACED), _snippets(*_NEW_NAME), *(_snippets(*each) for each in _READ))),
    # Servers of their own: what one transport has left in memory is not to count for the other.
    Phase((_snippets_over_sse(*_REPLACED), *(_snippets_over_sse(*each) for each in _READ))),
    Phase(
        (
            _prints("print(1), warm environment", 1, "benchmark", _POOL),
            _prints("print(1), 32 warm environments", _MANY_ENVIRONMENTS, f"caller-{CALLER_NUMBER}", _POOL),
        ),
        _POOL,
    ),
    Phase(
        (
            _at_pool("launchShell", 1, _LAUNCH, _LAUNCH, _POOL_OF_NEW),
            _prints("print(1), new environment", 1, f"new-{REQUEST_NUMBER}", _POOL_OF_NEW),
        ),
        _POOL_OF_NEW,
    ),
)
