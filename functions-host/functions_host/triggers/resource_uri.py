"""URIs of resources, and the templates that some of them are.

Microsoft.Azure.Functions.Extensions.Mcp, ResourceUriHelper.cs. No operator of RFC 6570 means anything here: `{+x}` is a
parameter named `+x`.
"""

import re
from collections import Counter
from collections.abc import Callable

from functions_host.bindings.dotnet_uri import is_absolute

_EXPRESSION = re.compile(r"\{([^{}]+)\}")


class ResourceUriError(ValueError):
    """A URI that the extension takes neither for a resource nor for a template."""


def is_template(uri: str) -> bool:
    """Whether `uri` has an expression such as `{name}`."""
    return _EXPRESSION.search(uri) is not None


def same_structure(template: str) -> str:
    """Returns a text that is equal for two templates that match the same URIs."""
    return _EXPRESSION.sub("{_}", template).lower()


def check_uri(uri: str) -> None:
    """Raises ResourceUriError for a URI that is not one; the extension checks so at start and at every read."""
    if not uri.strip():
        raise ResourceUriError("Resource URI cannot be null or whitespace.")
    if is_template(uri):
        _check_template(uri)
    elif "{" in uri or "}" in uri:
        raise ResourceUriError("Resource URI contains malformed template syntax (unmatched or empty braces).")
    if not is_absolute(_EXPRESSION.sub("template", uri)):
        raise ResourceUriError(f"Invalid resource URI format: '{uri}'")


def template_matcher(template: str) -> Callable[[str], dict[str, str] | None]:
    """Returns what takes a URI and returns the values of the template's parameters in it, or None if it does not match.

    Raises ResourceUriError for a parameter whose name .NET cannot give to a group of a regular expression.
    """
    pattern, names = "", list[str]()
    position = 0
    for match in _EXPRESSION.finditer(template):
        if re.match(r"[0-9]\D", group := _group_name(match[1])) or re.match(r"[0-9]+[A-Za-z_]", group):
            raise ResourceUriError(f"Invalid group name: '{group}' begins with a digit.")
        in_query = match.start() > 0 and template[match.start() - 1] in "?&"
        pattern += re.escape(template[position : match.start()]) + ("([^&#]+)" if in_query else "([^/?#]+)")
        names.append(match[1])
        position = match.end()
    compiled = re.compile(pattern + re.escape(template[position:]), re.IGNORECASE)

    def values(uri: str) -> dict[str, str] | None:
        found = compiled.fullmatch(uri)
        if found is None:
            return None
        # A name of digits alone is that of a group by number, which the extension skips.
        pairs = zip(names, found.groups(), strict=True)
        return {name: value for name, value in pairs if not _group_name(name).isdigit()}

    return values


def _check_template(uri: str) -> None:
    if uri.count("{") != uri.count("}"):
        raise ResourceUriError("Resource URI template has unbalanced braces.")
    if "}{" in uri:
        raise ResourceUriError(
            "Resource URI template expressions must be separated by at least one literal character or delimiter."
        )
    names = _EXPRESSION.findall(uri)
    group, count = Counter(_group_name(name).lower() for name in names).most_common(1)[0]
    if count > 1:
        raise ResourceUriError(f"Resource URI template has duplicate or colliding parameter names: '{group}'.")
    for name in names:
        if not name.strip():
            raise ResourceUriError("Resource URI template parameters cannot be empty.")
        if any(character in name for character in "/#?& "):
            raise ResourceUriError(f"Resource URI template parameter '{name}' contains invalid characters.")
        if "%7b" in name.lower() or "%7d" in name.lower():
            raise ResourceUriError(f"Resource URI template parameter '{name}' contains encoded braces.")


def _group_name(parameter: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", parameter)
