"""Which URIs the extension takes for resources and templates, and what a template matches."""

import pytest
from functions_host.triggers.resource_uri import ResourceUriError, check_uri, template_matcher

from host_tests.requirements import shows


@shows("resources.uris")
@pytest.mark.parametrize(
    "uri",
    [
        "docs://readme",
        "ui://weather/index.html",
        "file:///C:/a b",
        "urn:isbn:1",
        "https://example.org/a?b=c#d",
        "/rooted/path",
        "c:/drive",
        "user://{name}/items/{id}",
        "doc:{+x}-{x}",
        "https://{host}/a",
    ],
)
def test_a_uri_is_absolute_when_its_expressions_are_filled_in(uri: str) -> None:
    check_uri(uri)


@shows("resources.uris")
@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("", "null or whitespace"),
        (" ", "null or whitespace"),
        ("readme", "Invalid resource URI format"),
        ("1a://b", "Invalid resource URI format"),
        ("a:b", "Invalid resource URI format"),
        ("http://", "Invalid resource URI format"),
        ("{scheme}", "Invalid resource URI format"),
        ("docs://{}", "malformed template syntax"),
        ("docs://{", "malformed template syntax"),
        ("docs://a}", "malformed template syntax"),
        ("docs://{a}/{", "unbalanced braces"),
        ("docs://{a}{b}", "separated by at least one literal"),
        ("docs://{a}/{A}", "duplicate or colliding"),
        ("docs://{a-b}/{a.b}", "duplicate or colliding"),
        ("docs://{a b}", "contains invalid characters"),
        ("docs://{?a}", "contains invalid characters"),
        ("docs://{a%7Bb}", "contains encoded braces"),
        ("docs://{\t}", "cannot be empty"),
    ],
)
def test_what_is_no_uri_of_a_resource(uri: str, problem: str) -> None:
    with pytest.raises(ResourceUriError, match=problem):
        check_uri(uri)


@shows("resources.templates")
@pytest.mark.parametrize(
    ("template", "uri", "values"),
    [
        ("store://catalog/{category}items{tag}", "store://catalog/booksitemsfiction", ("books", "fiction")),
        ("store://catalog/{category}items{tag}", "STORE://Catalog/aitemsbitemsc", ("aitemsb", "c")),
        ("user://{name}", "user://b%20b", ("b%20b",)),
        ("user://{name}", "user://a/b", None),
        ("user://{name}", "user://a?b", None),
        ("user://{name}", "user://", None),
        ("a://b?{q}&{r}", "a://b?q=1/2?3&r=4/5", ("q=1/2?3", "r=4/5")),
        ("a://b?{q}", "a://b?q=1&r=2", None),
        ("a://b?q={q}", "a://b?q=1&r=2", ("1&r=2",)),  # only a '?' or '&' right before the expression counts
        ("a://b?q={q}", "a://b?q=1/2", None),
        ("a://{+x}.txt", "a://b.txt", ("b",)),
        ("a://{+x}.txt", "a://bxtxt", None),
        ("a://{1}/{b}", "a://one/two", ("two",)),
    ],
)
def test_what_a_template_matches(template: str, uri: str, values: tuple[str, ...] | None) -> None:
    matched = template_matcher(template)(uri)
    assert (None if matched is None else tuple(matched.values())) == values


@shows("resources.templates")
def test_a_name_that_dotnet_cannot_give_to_a_group_is_refused() -> None:
    with pytest.raises(ResourceUriError, match="begins with a digit"):
        template_matcher("a://{1a}")
