"""Routes of functions over HTTP, as the Functions host's own router found and refused them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from functions_host.triggers.route_template import RouteError, RouteTemplate, decode_path

from host_tests.requirements import shows

_RECORDED = Path(__file__).parent.parent / "recorded" / "http_routes.jsonl.gz"
_APPS: list[dict[str, Any]] = [json.loads(line) for line in gzip.decompress(_RECORDED.read_bytes()).splitlines()]


def _routes(app: dict[str, Any]) -> list[tuple[dict[str, Any], RouteTemplate]]:
    prefix = app["prefix"]
    return [
        (each, RouteTemplate(f"{prefix}/{each['route'] or each['name']}" if prefix else each["route"] or each["name"]))
        for each in app["functions"]
    ]


@shows("http.route")
@pytest.mark.parametrize("app", _APPS, ids=[app["id"] for app in _APPS])
def test_a_request_finds_the_function_that_the_hosts_router_found(app: dict[str, Any]):
    if "refused" in app:
        with pytest.raises(RouteError):
            _routes(app)
        return
    routes = _routes(app)
    for request, expected in zip(app["requests"], app["answers"], strict=True):
        path = decode_path(request["path"].partition("?")[0].encode("latin-1"))
        found: Any = 404
        for function, template in routes:
            methods = None if function["methods"] is None else [method.upper() for method in function["methods"]]
            values = template.match(path) if methods is None or request["verb"].upper() in methods else None
            if values is not None:
                found = {"function": function["name"], "values": values}
                break
        assert (200 if request["verb"] == "HEAD" and found != 404 else found) == expected, request
