"""Host.CORS of local.settings.json: what it means, and what is told of what it cannot mean."""

from typing import Any

import pytest
from functions_host.app.cors import Cors, read_cors
from functions_host.errors import PersonError
from functions_host.http.cors import CorsAnswers
from starlette.responses import Response
from starlette.types import Message

from host_tests.requirements import shows


@shows("settings.cors")
def test_a_star_lets_every_page_call_and_is_answered_as_it_is_written() -> None:
    assert Cors(("*",)).allows("https://anyone.example")


@shows("settings.cors")
@pytest.mark.anyio
async def test_the_answer_to_a_page_where_all_may_call_names_none() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": [(b"origin", b"https://anyone.example")]}
    await CorsAnswers(Response(status_code=202), lambda: Cors(("*",)))(scope, receive, send)
    assert (b"access-control-allow-origin", b"*") in sent[0]["headers"]
    assert not [name for name, _ in sent[0]["headers"] if name in (b"vary", b"access-control-allow-credentials")]


@shows("settings.cors")
@pytest.mark.parametrize(
    ("host", "cors"),
    [
        ({}, Cors()),
        ({"CORS": None}, Cors()),
        ({"CORS": ""}, Cors()),
        ({"cors": "*"}, Cors(("*",))),
        (
            {"CORS": "https://A.example,http://b:1", "CORSCredentials": "True"},
            Cors(("https://a.example", "http://b:1"), True),
        ),
    ],
)
def test_origins_are_a_list_with_commas_in_any_case(host: dict[str, Any], cors: Cors) -> None:
    assert read_cors({"Host": host}) == cors
    assert cors.notices() == []


@shows("settings.cors")
@pytest.mark.parametrize("origin", [" https://a.example", "https://a.example/", "a.example"])
def test_what_no_browser_sends_is_noticed(origin: str) -> None:
    (notice,) = read_cors({"Host": {"CORS": f"https://b.example,{origin}"}}).notices()
    assert notice.startswith(f"Host.CORS has '{origin}', which is no origin")


@shows("settings.cors", "settings.wrong")
@pytest.mark.parametrize("host", [{"CORS": ["a"]}, {"CORSCredentials": "yes"}, {"CORS": "*", "CORSCredentials": True}])
def test_what_func_does_not_start_with_is_refused(host: dict[str, Any]) -> None:
    with pytest.raises(PersonError):
        read_cors({"Host": host})
