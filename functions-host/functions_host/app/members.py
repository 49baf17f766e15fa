"""Members of JSON objects, found as .NET's configuration finds them: in any case."""

from typing import Any


def dig(value: object, *path: str) -> Any:
    """Returns the member at `path`, names in any case, or None where there is none."""
    for name in path:
        if not isinstance(value, dict):
            return None
        members: dict[str, object] = {key.lower(): member for key, member in value.items()}  # pyright: ignore
        value = members.get(name.lower())
    return value


def dig_object(value: object, *path: str) -> dict[str, Any]:
    """Returns the object at `path`, an empty one where there is none."""
    found = dig(value, *path)
    return found if isinstance(found, dict) else {}
