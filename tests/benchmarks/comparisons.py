"""What is compared with what: the same work asked of several servers. The first of each is ours."""

from dataclasses import dataclass, field

from tests.benchmarks.calls import HELLO, PRINT_AT_POOL, PRINT_THROUGH_TOOL, Call
from tests.benchmarks.servers import BARE, FASTMCP, OURS, OURS_WITH_POOL, POOL_HEADERS, POOL_PATH, ServerKind


@dataclass(frozen=True)
class Contender:
    """One server, and how it is asked."""

    name: str
    kind: ServerKind
    call: Call
    path: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    at_pool: bool = False
    """Whether the port of the server's session pool is meant."""


@dataclass(frozen=True)
class Comparison:
    """The same work asked of several servers, by so many callers at a time."""

    name: str
    callers: tuple[int, ...]
    contenders: tuple[Contender, ...]


COMPARISONS = (
    Comparison(
        HELLO.name,
        (1, 8, 32),
        (
            Contender("ours", OURS, HELLO, "/runtime/webhooks/mcp"),
            Contender("FastMCP", FASTMCP, HELLO, "/mcp"),
            Contender("bare Starlette", BARE, HELLO, "/mcp"),
        ),
    ),
    Comparison(
        "print(1) in a warm environment",
        (1,),  # an environment runs one piece of code at a time
        (
            Contender("runPythonCode", OURS_WITH_POOL, PRINT_THROUGH_TOOL, "/runtime/webhooks/mcp"),
            Contender("pool directly", OURS_WITH_POOL, PRINT_AT_POOL, POOL_PATH, POOL_HEADERS, at_pool=True),
        ),
    ),
)
