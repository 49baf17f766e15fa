"""Work in one version of an app that is to come to its end before the version is stopped."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol


class Work(Protocol):
    """Begins such work; served_app.AppVersion does."""

    def __call__[T](self, work: Coroutine[Any, Any, T], /) -> asyncio.Task[T]:
        """Runs it in a task of its own, whatever becomes of whoever waits for that."""
        ...
