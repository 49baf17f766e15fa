"""What we answer otherwise than what was recorded, on purpose: one list, with a reason each.

A test fails on a difference that is not listed here, and on an entry that no longer differs.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RecordedDifference:
    """One reason to answer otherwise."""

    cases: str
    """A regular expression of the ids of the recorded cases that it is about."""
    reason: str
    """Sentences for whoever compares us with Azure."""


RECORDED_DIFFERENCES = (
    RecordedDifference(
        r"header-origin",
        "A request with the `Origin` of another machine is refused with 403: a page in a browser must not reach tools "
        "on this machine. The extension looks at no `Origin`.",
    ),
    RecordedDifference(
        r"tool-binding-name-\d+",
        "A function with a binding whose name the Functions host refuses (a hyphen, a digit first, none) is in error, "
        "as in Azure; the recording host takes any name.",
    ),
    RecordedDifference(
        r"(tool|resource|prompt)-datatype-(binary|stream|bad)",
        "A trigger of MCP with a dataType other than string puts its function in error, since the Functions host would "
        "then fail every call; the recording host does not look at it.",
    ),
    RecordedDifference(
        r"(tool|resource|prompt)-order",
        "Functions are listed in the order of their upper-cased names, as the Functions host registers them; the "
        "recording host registers them as they come.",
    ),
)


def check_differences(differing: Mapping[str, str], cases: Collection[str]) -> None:
    """Fails if one of `differing` (a text by the id of a case) is not listed, or if one listed among `cases` is not."""
    unlisted = [
        text for case, text in differing.items() if not any(_is_about(each, case) for each in RECORDED_DIFFERENCES)
    ]
    assert not unlisted, f"{len(unlisted)} of {len(cases)} cases differ:\n" + "\n".join(unlisted)
    for each in RECORDED_DIFFERENCES:
        if any(_is_about(each, case) for case in cases):
            assert any(_is_about(each, case) for case in differing), f"no longer differs: {each.cases}"


def _is_about(difference: RecordedDifference, case: str) -> bool:
    return re.fullmatch(difference.cases, case) is not None
