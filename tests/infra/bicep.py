"""Bicep files as the tests see them: declarations, and for each resource its properties as paths.

tree-sitter-bicep parses them. It does not know spread, `resourceInput<>`, `extension` and typed variables, so the
templates use none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bicep.language()))
_KINDS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}


@dataclass(frozen=True)
class Value:
    """The expression that a property has, and under which condition."""

    text: str
    when: str = ""
    """`CONDITION` or `not CONDITION` where the property stands in a branch, joined by `and`."""


@dataclass(frozen=True)
class Declaration:
    """One `param`, `var`, `resource`, `module` or `output`."""

    file: str
    kind: str
    name: str
    type: str
    """A param's or output's type, a resource's TYPE@VERSION, a module's path."""
    text: str
    default: str | None = None
    """The expression behind `=` of a param, var or output."""
    condition: str | None = None
    existing: bool = False
    decorators: tuple[str, ...] = ()
    properties: dict[str, list[Value]] = field(default_factory=dict[str, list[Value]])

    def value(self, path: str) -> str | None:
        """Returns the expression of a property, None if there is none."""
        values = self.properties.get(path)
        return values[0].text if values else None


@dataclass(frozen=True)
class BicepFile:
    """A file, parsed."""

    name: str
    text: str
    declarations: tuple[Declaration, ...]
    references: frozenset[str]
    """Names that stand in an expression."""
    unreadable: tuple[str, ...]
    """What is not Bicep, with its line."""

    def of(self, kind: str) -> dict[str, Declaration]:
        """Returns the declarations of a kind by name."""
        return {one.name: one for one in self.declarations if one.kind == kind}


def read(path: Path) -> BicepFile:
    """Parses a file."""
    text = path.read_text(encoding="utf-8")
    root = _PARSER.parse(text.encode()).root_node
    declarations = tuple(_declarations(path.name, root, ""))
    loop_names = {_text(node) for node in _loop_variables(root)}
    references = frozenset(_references(root)) - loop_names
    return BicepFile(path.name, text, declarations, references, tuple(_errors(root)))


def _declarations(file: str, container: Node, parent_type: str) -> Iterator[Declaration]:
    decorators: tuple[str, ...] = ()
    for node in container.named_children:
        if node.type == "decorators":
            decorators = tuple(_text(child).removeprefix("@") for child in node.named_children)
        elif node.type in _KINDS:
            yield from _declaration(file, node, decorators, parent_type)
            decorators = ()
        elif node.type == "object_property" and node.named_children[-1].type == "resource_declaration":
            yield from _declaration(file, node.named_children[-1], (), parent_type)


def _declaration(file: str, node: Node, decorators: tuple[str, ...], parent_type: str) -> Iterator[Declaration]:
    kind = _KINDS[node.type]
    name = _text(next(child for child in node.named_children if child.type == "identifier"))
    existing = any(child.type == "existing" for child in node.children)
    if kind in ("resource", "module"):
        full = _nested_type(
            next(_string(child) for child in node.named_children if child.type == "string"), parent_type
        )
        body, condition = _body(node)
        properties: dict[str, list[Value]] = {}
        for path, value in _leaves(body, "", ""):
            properties.setdefault(path, []).append(value)
        yield Declaration(file, kind, name, full, _text(node), None, condition, existing, decorators, properties)
        yield from _declarations(file, body, full)
        return
    declared = next((_text(child) for child in node.named_children if child.type == "type"), "")
    has_default = any(child.type == "=" for child in node.children)
    default = _text(node.named_children[-1]) if has_default else None
    yield Declaration(file, kind, name, declared, _text(node), default, decorators=decorators)


def _nested_type(written: str, parent: str) -> str:
    if not parent:
        return written
    base, version = parent.split("@")
    return f"{base}/{written}@{version}"


def _body(node: Node) -> tuple[Node, str | None]:
    """Returns the object of a resource or module, past `if` and `for`, and the condition."""
    value, condition = node.named_children[-1], None
    while value.type != "object":
        if value.type == "if_statement":
            condition = _text(value.named_children[0])
        value = value.named_children[-1]
    return value, condition


def _leaves(node: Node, path: str, when: str) -> Iterator[tuple[str, Value]]:
    """Yields each property with its expression; of alternatives and unions, every part."""
    match node.type:
        case "object" if node.named_children:
            yield from _members(node, path, when)
        case "object" if when:
            return  # an empty alternative adds nothing
        case "ternary_expression" if any(part.type == "object" for part in node.named_children[1:]):
            condition, then, otherwise = node.named_children
            yield from _leaves(then, path, " and ".join(filter(None, (when, _text(condition)))))
            yield from _leaves(otherwise, path, " and ".join(filter(None, (when, f"not {_text(condition)}"))))
        case "call_expression" if _text(node.named_children[0]) == "union":
            for argument in node.named_children[1].named_children:
                if argument.type != "comment":
                    yield from _leaves(argument, path, when)
        case "array" if any(child.type == "object" for child in node.named_children):
            for index, child in enumerate(child for child in node.named_children if child.type == "object"):
                yield from _leaves(child, f"{path}[{index}]", when)
        case _:
            yield path, Value(_text(node), when)


def _members(node: Node, path: str, when: str) -> Iterator[tuple[str, Value]]:
    for child in node.named_children:
        if child.type == "object_property" and child.named_children[-1].type != "resource_declaration":
            key, value = child.named_children[0], child.named_children[-1]
            name = _text(key) if key.type == "identifier" else _string(key)
            yield from _leaves(value, f"{path}.{name}".lstrip("."), when)


def _references(node: Node) -> Iterator[str]:
    """Yields every identifier that an expression reads."""
    children = node.named_children
    if node.type in _KINDS or node.type == "object_property":
        children = children[1:] if children[0].type == "identifier" else children
    for child in children:
        if child.type == "identifier":
            yield _text(child)
        elif child.type not in ("type", "property_identifier"):
            yield from _references(child)


def _loop_variables(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if node.type == "for_statement" and child == node.named_children[0]:
            yield from [child] if child.type == "identifier" else child.named_children
        elif node.type == "lambda_expression" and child == node.named_children[0]:
            yield child
        else:
            yield from _loop_variables(child)


def _errors(node: Node) -> Iterator[str]:
    if node.type == "ERROR" or node.is_missing:
        yield f"line {node.start_point[0] + 1}: {_text(node)[:60]!r}"
    for child in node.children:
        if child.has_error or child.is_missing:
            yield from _errors(child)


def _string(node: Node) -> str:
    return _text(node)[1:-1]


def _text(node: Node) -> str:
    """Returns the source of an expression on one line, without comments."""
    assert node.text is not None
    lines = [re.sub(r"\s//.*$", "", line) for line in node.text.decode().splitlines()]
    return re.sub(r"\s+", " ", " ".join(lines)).strip()
