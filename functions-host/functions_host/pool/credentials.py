"""The key of a pool's MCP endpoint, and its rotation.

https://learn.microsoft.com/azure/container-apps/mcp-authentication
"""

import hmac
import secrets
import time


class Credentials:
    """The key that opens all environments of a pool."""

    def __init__(self, key: str, old_key_seconds: float) -> None:
        self.key = key
        self._old_key_seconds = old_key_seconds
        self._old: list[tuple[str, float]] = []

    def rotate(self) -> None:
        """Makes a new key. The old one stays valid for a while: the platform caches what it has validated."""
        now = time.monotonic()
        self._old = [each for each in self._old if each[1] > now]
        if self._old_key_seconds > 0:
            self._old.append((self.key, now + self._old_key_seconds))
        self.key = secrets.token_urlsafe(32)

    def accept(self, key: str | None) -> bool:
        """Whether `key` opens the pool."""
        if not key:
            return False
        now = time.monotonic()
        valid = [self.key, *(old for old, until in self._old if until > now)]
        return any(hmac.compare_digest(each.encode(), key.encode()) for each in valid)
