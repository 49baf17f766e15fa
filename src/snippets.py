"""Rules for the names and the contents of snippets. Every message is written for the model that made the call."""

from tool_results import ToolError

# A snippet is the blob "<name>.json", and a blob name has at most 1,024 characters.
# https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
_SUFFIX = ".json"
LONGEST_NAME = 1024 - len(_SUFFIX)

NAME_DESCRIPTION = (
    "The name of the snippet, such as 'snippet1' or 'parse dates'. Case-sensitive; "
    f"at most {LONGEST_NAME} characters; no slashes, backslashes, '..', trailing dot or control characters."
)


class SnippetError(ToolError):
    """The call cannot be done as asked. Its text says why and what to try."""


def checked_name(name: object) -> str:
    """Returns `name` if a snippet can have it. Raises SnippetError if not."""
    if not isinstance(name, str):
        raise SnippetError("The snippet name must be text. Give snippetname as a string, such as 'snippet1'.")
    problem = _name_problem(name)
    if problem:
        raise SnippetError(f"The snippet name {problem}. Choose another snippetname, such as 'snippet1'.")
    return name


def checked_prefix(prefix: str) -> str:
    """Returns `prefix` if a snippet can have a name that begins with it. Raises SnippetError if not."""
    problem = _name_problem(f"{prefix}a")
    if problem:
        raise SnippetError(f"No snippet's name begins with that prefix, because it {problem}. Choose another.")
    return prefix


def blob_of(name: str) -> str:
    """Returns the name of the blob that a snippet is. Raises SnippetError if none can have that name."""
    return checked_name(name) + _SUFFIX


def name_of(blob: str) -> str | None:
    """Returns the name of the snippet that a blob is, None if it is none."""
    name = blob.removesuffix(_SUFFIX)
    return None if name == blob or _name_problem(name) else name


def checked_text(text: object) -> str:
    """Returns `text` if it can be a snippet. Raises SnippetError if not."""
    if not isinstance(text, str):
        raise SnippetError("The snippet must be text. Give the content as a string; for data, give its JSON as text.")
    if not text:
        raise SnippetError("The snippet is empty, so nothing was saved. Give the content to save in snippet.")
    if not _is_unicode(text):
        raise SnippetError("The snippet holds half of a surrogate pair, which is not valid Unicode. Remove it.")
    return text


def checked_blob(name: str, blob: bytes | None) -> str:
    """Returns the text of the snippet `name` from its blob; None stands for a blob that does not exist.

    Raises SnippetError if there is none, or if it is not text.
    """
    if blob is None:
        raise missing(name)
    try:
        return blob.decode("utf-8")
    except UnicodeDecodeError:
        raise SnippetError(f"The snippet '{name}' is not UTF-8 text, so savesnippet did not write it.") from None


def missing(name: str) -> SnippetError:
    """Returns the error that there is no such snippet."""
    return SnippetError(
        f"There is no snippet named '{name}'. Check the spelling, capitals included, "
        "or save one under this name with savesnippet."
    )


def _name_problem(name: str) -> str | None:
    if not name.strip():
        return "is empty"
    if len(name) > LONGEST_NAME:
        return f"has {len(name):,} characters, but at most {LONGEST_NAME:,} are possible"
    if "/" in name or "\\" in name:
        return "contains a slash or a backslash"
    if ".." in name:
        return "contains '..'"
    if name.endswith("."):
        return "ends with a dot"
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in name):
        return "contains control characters"
    if not _is_unicode(name):
        return "holds half of a surrogate pair, which is not valid Unicode"
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
