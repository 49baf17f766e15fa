"""Why a session pool did not do what was asked, and what to tell a model of it.

https://learn.microsoft.com/azure/container-apps/mcp-troubleshooting lists what the platform says.
"""

EXECUTION_SECONDS = 220  # the platform ends an execution after this

# By the kind of failure. {} is what the pool said.
_UNKNOWN = "so whether the code ran is unknown. Look at what it should have changed before you run it again."
_SENTENCES = {
    "full": "The session pool is full: {}. Go on in an environment you already have, or try again in a few minutes, "
    "when idle environments have been destroyed.",
    "unavailable": "The session pool could not provide an environment just now: {}. Try again in a minute.",
    "refused": "The session pool refused its key: {}. Whoever runs this server has to check the key, or the role that "
    "its identity has on the pool.",
    "no address": "SESSION_POOL_MCP_ENDPOINT is not the address of a session pool: {}. Whoever runs this server has to "
    "correct that setting.",
    "missing": "The session pool was not found, or has no MCP server: {}. Whoever runs this server has to check its "
    "settings SESSION_POOL_MCP_ENDPOINT and SESSION_POOL_RESOURCE_ID.",
    "not enabled": "The session pool has no MCP server, so no code can be run: {}. Whoever runs this server has to "
    "turn on the preview SessionPoolsSupportMCP of Microsoft.App in its subscription, and then to deploy again.",
    "gone": "That environment does not exist any more: {}. Its variables and files are lost. Call launchShell, or "
    "call again without environmentId, and start over.",
    "moved": "The address of the session pool sends on to another one ({}), which is not followed, since the key "
    "would go along. Whoever runs this server has to correct SESSION_POOL_MCP_ENDPOINT.",
    "not trusted": "Who answers at the address of the session pool cannot be trusted: {}. Nothing was sent. Whoever "
    "runs this server has to see to its certificate.",
    "too long": "The session pool's answer is longer than {} MB and was not read, " + _UNKNOWN,
    "busy": "The environment still runs an earlier call, for {} s at least; its caller may have gone. It ends after "
    f"{EXECUTION_SECONDS} seconds at the latest. Nothing was run. Try again later, or go on in another environment.",
    "bad id": "The session pool does not take that environmentId: {}. Use one that launchShell returned, or none.",
    "timed out": f"The execution took longer than the {EXECUTION_SECONDS} seconds that the platform allows, and was "
    "ended. Do it in smaller steps, or start it with subprocess.Popen in runPythonCode, its output in a file that a "
    "later call reads. {}",
    "no answer": "The session pool did not answer in {} seconds, " + _UNKNOWN,
    "cut off": "The connection to the session pool broke before its answer came ({}), " + _UNKNOWN,
    "unreachable": "The session pool cannot be reached: {}. Nothing was run. Try again in a minute; if it stays so, "
    "whoever runs this server has to see whether the pool is there.",
    "unknown tool": "The session pool does not have the tool that this needs: {}. Nothing was run.",
    "garbled": "The session pool's answer cannot be read ({}), " + _UNKNOWN,
    "broken": "The session pool failed ({}), " + _UNKNOWN,
}
_CANNOT_HAVE_RUN = ("unavailable", "unreachable")


class PoolError(Exception):
    """The pool did not do what was asked. `kind` says why, for whoever decides what to try next."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail

    @property
    def sentence(self) -> str:
        """What happened, and what to try."""
        return _SENTENCES[self.kind].format(self.detail).strip()

    @property
    def cannot_have_run(self) -> bool:
        """Whether nothing was run for sure, so that it can be tried again."""
        return self.kind in _CANNOT_HAVE_RUN
