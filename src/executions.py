"""Running code in a session pool: what a caller may ask, what a pool answered, and how that is told to a model."""

import re
from dataclasses import dataclass, field

# A session identifier has 4 to 128 of these: https://learn.microsoft.com/azure/container-apps/sessions-usage
_ENVIRONMENT_ID = re.compile(r"[A-Za-z0-9|\-&^%$#(){}\[\];<>]{4,128}")

LAUNCH_SCHEMA = {
    "type": "object",
    "properties": {"environmentId": {"type": "string"}},
    "required": ["environmentId"],
}

OUTPUT_SCHEMA = {
    "type": "object",
    "properties": {
        "environmentId": {"type": "string", "description": "The environment it ran in; pass it to go on there."},
        "stdout": {"type": "string"},
        "stderr": {"type": "string", "description": "Also holds the traceback if the code raised an exception."},
        "exitCode": {"type": "integer", "description": "Of a shell command, where the platform tells it."},
        "executionResult": {"description": "Value of the last expression, where the platform tells it."},
        "executionTimeInMilliseconds": {"type": "number"},
    },
    "required": ["environmentId", "stdout", "stderr"],
}


class ExecutionError(Exception):
    """Nothing was run, or nobody knows how it ended. Its text says what happened and what to try."""


@dataclass(frozen=True)
class Execution:
    """Code that ran, whether it did what its author meant or not."""

    environment_id: str
    stdout: str
    stderr: str
    more: dict[str, object] = field(default_factory=dict[str, object])
    """What else the platform told: exitCode, executionResult, executionTimeInMilliseconds."""

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
        said = "\n\n".join(part for part in parts if part) or "(It printed nothing.)"
        return f"{said}\n\nenvironmentId: {self.environment_id}"

    @property
    def structured(self) -> dict[str, object]:
        """The same as OUTPUT_SCHEMA declares it."""
        return {"environmentId": self.environment_id, "stdout": self.stdout, "stderr": self.stderr, **self.more}


def checked_environment_id(value: object) -> str | None:
    """Returns the environment a caller named, None if they named none. Raises ExecutionError for an impossible one."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _ENVIRONMENT_ID.fullmatch(value):
        raise ExecutionError(
            "That environmentId cannot be one: it has 4 to 128 letters, digits or hyphens. "
            "Use the environmentId that launchShell returned, or leave it out to start in a new environment."
        )
    return value


def checked_code(value: object, argument: str) -> str:
    """Returns the code to run. Raises ExecutionError if there is none."""
    if not isinstance(value, str) or not value.strip():
        raise ExecutionError(f"There is nothing to run. Give {argument} as text that is not empty.")
    return value
