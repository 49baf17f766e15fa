"""The environments of a pool: made when they are first used, and destroyed when nobody uses them any more.

https://learn.microsoft.com/azure/container-apps/sessions-usage
"""

import asyncio
import contextlib
import itertools
import string
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from functions_host.errors import LocalError
from functions_host.pool.environment import CallLimits, Environment, EnvironmentGoneError
from functions_host.pool.kernel import kernel_context
from functions_host.pool.packages import PoolPackages
from functions_host.pool.pool_folder import PoolFolder
from functions_host.pool.sandbox import Sandbox

_SHORTEST, _LONGEST = 4, 128
_CHARACTERS = frozenset(string.ascii_letters + string.digits + "|-&^%$#(){}[];<>")
_SPARE_DELAY_SECONDS = 0.25  # the first call of the environment that took the last spare goes first
_REMEMBERED = 100


class RefusedError(LocalError):
    """The pool refuses a call, with the code and the sentence that the platform has for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Capacity:
    """How many environments there may be, and for how long."""

    environments: int
    cool_down_seconds: float
    """From the end of the last call."""
    keeps_spare: bool = True
    """Whether one that nobody has asked for yet is made beforehand, which makes the first call of a new one fast."""


@dataclass
class _Slot:
    environment: asyncio.Task[Environment]
    calls: int = 0
    cool_down: asyncio.TimerHandle | None = None


class Environments:
    """Environments by their identifier. Whoever knows an identifier reaches its environment."""

    def __init__(self, sandbox: Sandbox, packages: PoolPackages, capacity: Capacity, limits: CallLimits) -> None:
        self._sandbox = sandbox
        self.packages = packages
        self._capacity = capacity
        self._limits = limits
        self._slots: dict[str, _Slot] = {}
        self._expired: deque[str] = deque(maxlen=_REMEMBERED)
        self._spare: asyncio.Task[Environment] | None = None
        self._spare_timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._stopped = False

    def start(self) -> None:
        """Begins to make the first spare environment."""
        self._own_folder = PoolFolder()
        self.folder = self._own_folder.environments
        self._context = kernel_context()
        self.packages.start()
        self._prepare_spare()

    async def stop(self) -> None:
        """Destroys everything, while calls are running or not."""
        self._stopped = True
        if self._spare_timer:
            self._spare_timer.cancel()
        if self._spare:
            self._end(self._spare)
        for identifier in list(self._slots):
            self._expire(identifier)
        await self.packages.stop()
        await asyncio.gather(*self._ending, return_exceptions=True)
        self._context.destroy(linger=0)
        await asyncio.to_thread(self._own_folder.remove)

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def has_spare(self) -> bool:
        """Whether the next new environment is there already."""
        return self._spare is not None and self._spare.done() and not _failed(self._spare)

    def has_expired(self, identifier: str) -> bool:
        """Whether an environment of this name was destroyed, and no new one made since. Old ones are forgotten."""
        return identifier in self._expired and identifier not in self._slots

    @contextlib.asynccontextmanager
    async def use(self, identifier: str) -> AsyncGenerator[Environment]:
        """Gives an environment for the time of a call. Raises RefusedError or KernelError if there is none to give, and
        EnvironmentGoneError if the pool stops.
        """
        check(identifier)
        slot = self._slots.get(identifier) or self._allocate(identifier)
        slot.calls += 1
        if slot.cool_down:
            slot.cool_down.cancel()
        try:
            yield await _made(slot.environment)
        finally:
            slot.calls -= 1
            self._after_call(identifier, slot)

    def _allocate(self, identifier: str) -> _Slot:
        """Raises RefusedError when all places are taken."""
        taken, places = len(self._slots), self._capacity.environments
        if self._stopped:
            raise EnvironmentGoneError("The pool is being stopped.")
        if taken >= places:
            # The text of the data plane, seen in the wild.
            raise RefusedError(
                "SessionsCountExceedsLimit",
                f"The request sessions count is '1'. There are already '{taken}' active sessions "
                f"and the maximum active sessions count is '{places}'.",
            )
        slot = self._slots[identifier] = _Slot(
            self._spare if self._spare and not _failed(self._spare) else self._make()
        )
        self._spare = None
        self._spare_timer = asyncio.get_running_loop().call_later(_SPARE_DELAY_SECONDS, self._prepare_spare)
        return slot

    def _after_call(self, identifier: str, slot: _Slot) -> None:
        if self._slots.get(identifier) is not slot or slot.calls:
            return
        if _failed(slot.environment):
            del self._slots[identifier]  # it was never there
            return
        loop = asyncio.get_running_loop()
        slot.cool_down = loop.call_later(self._capacity.cool_down_seconds, self._expire, identifier)

    def _expire(self, identifier: str) -> None:
        slot = self._slots.pop(identifier)
        if slot.cool_down:
            slot.cool_down.cancel()
        self._expired.append(identifier)
        self._end(slot.environment)
        self._prepare_spare()

    def _prepare_spare(self) -> None:
        wanted = self._capacity.keeps_spare and not (self._spare or self._stopped)
        if wanted and len(self._slots) < self._capacity.environments:
            self._spare = self._make()

    def _make(self) -> asyncio.Task[Environment]:
        return asyncio.create_task(self._started(self.folder / str(next(self._numbers))))

    async def _started(self, folder: Path) -> Environment:
        await self.packages.installed()
        environment = Environment(self._sandbox, folder, self._context, self._limits)
        await environment.start()
        return environment

    def _end(self, making: asyncio.Task[Environment]) -> None:
        ending = asyncio.create_task(_destroy(making))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


def check(identifier: str) -> None:
    """Raises RefusedError for what cannot be the identifier of an environment.

    https://learn.microsoft.com/azure/container-apps/sessions-usage#session-identifiers
    """
    if not _SHORTEST <= len(identifier) <= _LONGEST:
        raise RefusedError(
            "InvalidLengthOfSessionIdentifier",
            f"The length of the session identifier must be between {_SHORTEST} and {_LONGEST} characters.",
        )
    if not _CHARACTERS.issuperset(identifier):
        # The code is not public; inferred.
        raise RefusedError(
            "InvalidSessionIdentifier",
            "The session identifier may contain letters, digits and | - & ^ % $ # ( ) { } [ ] ; < > only.",
        )


def _failed(making: asyncio.Task[Environment]) -> bool:
    return making.done() and (making.cancelled() or making.exception() is not None)


async def _made(making: asyncio.Task[Environment]) -> Environment:
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        if making.cancelled():
            raise EnvironmentGoneError("The pool stopped while it made the environment.") from None
        raise


async def _destroy(making: asyncio.Task[Environment]) -> None:
    making.cancel()  # nothing happens if it is made already
    (made,) = await asyncio.gather(making, return_exceptions=True)
    if isinstance(made, Environment):
        await made.destroy()
