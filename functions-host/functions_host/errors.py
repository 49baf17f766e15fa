"""The errors of the local servers, and who each is for.

    LocalError
    ├── PersonError           a person can mend it: shown as one sentence and what to do, exit code 2
    └── InvocationError       a function call failed: the client sees what the MCP extension would say, the terminal why
        ├── BindingError      ... before the function ran, or after it: an expression, a blob, a connection
        └── WorkerError       ... in the app's process: the function raised, ran out of time, or the process ended

Anything else is a bug of ours: a traceback and exit code 1.
"""


class LocalError(Exception):
    """Base of all that the local servers raise on purpose."""


class PersonError(LocalError):
    """Something the person at the terminal can mend.

    `sentence` says what is wrong, `remedy` what to do about it, `detail` holds lines of their own code, if any.
    """

    def __init__(self, sentence: str, remedy: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        return "\n".join(part for part in (self.detail, self.sentence, self.remedy) if part)


class InvocationError(LocalError):
    """A function call failed. Its text goes to the terminal, never to the client, as in Azure."""


class BindingError(InvocationError):
    """A binding could not be resolved, read or written."""


class WorkerError(InvocationError):
    """The function raised, or the process that runs it could not finish the call."""
