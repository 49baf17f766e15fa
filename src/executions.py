"""Running code in a session pool: what a caller may ask, what a pool answered, and how that is told to a model."""

import re
from typing import Annotated, Any, NotRequired, TypedDict, cast

import msgspec

from tool_results import Content, Result, ToolError

# A session identifier has 4 to 128 of these: https://learn.microsoft.com/azure/container-apps/sessions-usage
_ENVIRONMENT_ID = r"[A-Za-z0-9|\-&^%$#(){}\[\];<>]{4,128}"

# What the platform keeps of each stream, the outputStreamsMaxLength of
# https://github.com/Azure-Samples/container-apps-dynamic-sessions-samples
_KEPT_CHARACTERS = 4096
_SHORT_WAIT_SECONDS = 5  # what a call waits for another without a word
_NO_ID = ("null", "none", "undefined", "nil", "string")  # what models write where they have none
_FENCED = r"\s*(`{3,}|~{3,})[ \t]*[\w+-]*[ \t]*\n(.*?)\n?[ \t]*\1[ \t]*\s*"
_FIGURE = r"<Figure size \S+ with \d+ Axes>"
_FIGURE_LOST = (
    "(A figure was shown, but pictures do not come back from here. If you have not saved it, do, as "
    "plt.savefig('figure.png') does; then call readFile with that path to see it.)"
)
_CUT = (
    f"(Cut: no more than {_KEPT_CHARACTERS} characters of a stream are kept. Print less, or write to a file and read "
    "it in parts.)"
)


# What is in a list may be any JSON. A keyword that forbids nothing says so: clients warn of a schema that has none.
_Json = Annotated[Any, msgspec.Meta(extra_json_schema={"minProperties": 0})]


class Launched(TypedDict):
    environmentId: str


class Output(TypedDict):
    environmentId: Annotated[str, "The environment it ran in; pass it to go on there."]
    stdout: str
    stderr: Annotated[str, "Also holds the traceback if the code raised an exception."]
    exitCode: NotRequired[Annotated[int, "Of a shell command, where the platform tells it."]]
    executionResult: NotRequired[
        Annotated[
            str | float | bool | list[_Json] | dict[str, Any],
            "Value of the last expression, where the platform tells it.",
        ]
    ]
    executionTimeInMilliseconds: NotRequired[float]
    outputIsCut: NotRequired[Annotated[bool, "True where stdout or stderr was longer than is kept."]]


class ExecutionError(ToolError):
    """Nothing was run, or nobody knows how it ended. Its text says what happened and what to try."""


class Execution(msgspec.Struct, frozen=True):
    """Code that ran, whether it did what its author meant or not."""

    environment_id: str
    stdout: str
    stderr: str
    more: dict[str, object] = msgspec.field(default_factory=dict[str, object])
    """What else the platform told: exitCode, executionResult, executionTimeInMilliseconds."""
    images: list[Content] = msgspec.field(default_factory=list[Content])
    timed_out: bool = False
    waited: float = 0
    """Seconds for which it waited for an earlier call in its environment."""

    @property
    def text(self) -> str:
        """What a model reads: stdout, then stderr, each part under its name once there is more than stdout."""
        exit_code, result = self.more.get("exitCode"), self.more.get("executionResult")
        parts = [
            self.stdout.rstrip("\n"),
            f"Value of the last expression: {result}" if result not in (None, "") else "",
            f"stderr:\n{self.stderr.rstrip()}" if self.stderr.strip() else "",
            f"Exit code: {exit_code}" if exit_code not in (None, 0) else "",
        ]
        parts += [_CUT] if self.is_cut else []
        parts += [_FIGURE_LOST] if self.has_lost_a_figure else []
        if self.waited >= _SHORT_WAIT_SECONDS:
            parts += [f"(It waited {self.waited:.0f} s for an earlier call in this environment to end.)"]
        said = "\n\n".join(part for part in parts if part) or "(It printed nothing.)"
        return f"{said}\n\nenvironmentId: {self.environment_id}"

    @property
    def is_cut(self) -> bool:
        """Whether the platform has kept as much of a stream as it keeps at most, so that there may have been more."""
        return _KEPT_CHARACTERS in (len(self.stdout), len(self.stderr))

    @property
    def has_lost_a_figure(self) -> bool:
        """Whether all that came of a figure is how it would be written."""
        return not self.images and bool(re.search(_FIGURE, f"{self.stdout}\n{self.more.get('executionResult')}"))

    @property
    def structured(self) -> Output:
        """What a program reads."""
        cut = {"outputIsCut": True} if self.is_cut else {}
        known = {"environmentId": self.environment_id, "stdout": self.stdout, "stderr": self.stderr}
        return cast("Output", {**known, **self.more, **cut})

    @property
    def result(self) -> Result[Output]:
        """What a tool answers."""
        return Result(self.text, self.structured, self.images)


def checked_environment_id(value: object) -> str | None:
    """Returns the environment a caller named, None if they named none. Raises ExecutionError for an impossible one."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.strip().lower() in _NO_ID:
        raise ExecutionError(
            f"'{value}' is no environmentId. Leave it out to start in a new environment, or use the one that "
            "launchShell or an earlier run returned."
        )
    if not isinstance(value, str) or not re.fullmatch(_ENVIRONMENT_ID, value):
        raise ExecutionError(
            "That environmentId cannot be one: it has 4 to 128 letters, digits, hyphens and a few other signs, "
            "but no spaces, slashes or underscores. "
            "Use the environmentId that launchShell returned, or leave it out to start in a new environment."
        )
    return value


def checked_code(value: object, argument: str) -> str:
    """Returns the code to run, as its author means it: without the fences of Markdown or a byte order mark around it,
    its lines ended as on Linux. Raises ExecutionError if there is none.
    """
    if not isinstance(value, str) or not value.strip():
        raise ExecutionError(f"There is nothing to run: {argument} has to be text that is not empty.")
    code = value.removeprefix("\ufeff").replace("\r\n", "\n")
    fenced = re.fullmatch(_FENCED, code, re.DOTALL)
    code = fenced[2] if fenced and fenced[1] not in fenced[2] else code
    if not code.strip():
        raise ExecutionError(f"There is nothing to run: {argument} has nothing between its fences.")
    if "\0" in code:
        raise ExecutionError(f"{argument} contains a NUL character, which code cannot have. Write it as an escape.")
    return code
