"""Snippets without a storage, for tools that are called in this process."""

from collections.abc import Generator
from contextlib import contextmanager

import snippet_container
from snippet_container import Page, SnippetContainer
from snippets import checked_name


@contextmanager
def snippets_in_memory() -> Generator[None]:
    """Has the tools keep snippets in memory meanwhile."""
    snippet_container.use(SnippetsInMemory())
    try:
        yield
    finally:
        snippet_container.use(None)


class SnippetsInMemory(SnippetContainer):
    """Snippets without a storage, for tools that are called in this process."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    async def read(self, name: str) -> bytes | None:
        text = self._texts.get(checked_name(name))
        return None if text is None else text.encode()

    async def write(self, name: str, text: str) -> None:
        self._texts[checked_name(name)] = text

    async def delete(self, name: str) -> bool:
        return self._texts.pop(checked_name(name), None) is not None

    async def page(self, prefix: str, count: int, token: str | None) -> Page:
        raise NotImplementedError("listing is tested with a real storage")

    async def close(self) -> None: ...
