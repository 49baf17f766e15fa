"""What messages the host makes of a value."""

import pytest
from functions_host.bindings.queue_binding import messages_of
from functions_host.errors import BindingError
from functions_host.worker_process.messages import Value

from host_tests.requirements import shows


@shows("storage.queue-lists")
@pytest.mark.parametrize(
    ("value", "messages"),
    [
        (Value("string", "größer"), ["größer".encode()]),
        (Value("string", ""), [b""]),
        (Value("string", ' {"a":[1]} '), [b'{\n  "a": [\n    1\n  ]\n}']),
        (Value("string", '["a",5,true,null,{"b":1}]'), [b"a", b"5", b"True", b"", b'{\n  "b": 1\n}']),
        (Value("string", "[]"), []),
        (Value("string", "[link] and {more"), [b"[link] and {more"]),
        (Value("bytes", b"\xff[]"), [b"\xff[]"]),
        (Value("json", '["a","b"]'), [b"a", b"b"]),
        (Value("int", 5), [b"5"]),
    ],
)
def test_a_value_becomes_messages(value: Value, messages: list[bytes]) -> None:
    assert messages_of(value) == messages


@shows("storage.queue-refused")
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (Value("string", "{not json}"), "looks like JSON"),
        (Value("json", '{"id":null,"body":"a"}'), "func.QueueMessage as an output is not modelled"),
        (Value("json", '[{"id":null,"body":"a"}]'), "func.QueueMessage as an output is not modelled"),
    ],
)
def test_what_is_no_message_is_refused(value: Value, problem: str) -> None:
    with pytest.raises(BindingError, match=problem):
        messages_of(value)
