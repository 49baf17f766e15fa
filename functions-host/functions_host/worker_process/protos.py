"""The few protobuf messages that the worker library builds, as plain classes.

`azure_functions_runtime` makes its answers from a `protos` namespace that its caller passes in: in Azure the classes
that protoc generated, here this module. Only the names and fields that the library uses for what we model are here;
for anything else it stops with an AttributeError that names what is missing, rather than pretending.
"""

from datetime import timedelta
from typing import Any


class _Message:
    """Keeps the fields it is constructed with."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class RpcException(_Message):
    message: str
    stack_trace: str


class StatusResult(_Message):
    Failure = 0
    Success = 1
    Cancelled = 2

    status: int
    exception: RpcException


class WorkerMetadata(_Message):
    pass


class WorkerInitResponse(_Message):
    capabilities: dict[str, str]
    result: StatusResult


class RpcRetryOptions(_Message):
    """What @app.retry says: of the intervals those that its strategy has."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: timedelta
    minimum_interval: timedelta
    maximum_interval: timedelta


class RpcFunctionMetadata(_Message):
    name: str
    function_id: str
    raw_bindings: list[str]
    retry_options: RpcRetryOptions | None


class FunctionMetadataResponse(_Message):
    function_metadata_results: list[RpcFunctionMetadata] | None


class BindingInfo(_Message):
    out = 1
    inout = 2
    undefined = 0


class TypedData:
    """A value of one kind, such as TypedData(string="a"), or of none: TypedData()."""

    def __init__(self, **value: Any) -> None:
        self.kind = next(iter(value), None)
        self.value = value.get(self.kind) if self.kind else None
        self.__dict__.update(value)

    def WhichOneof(self, oneof: str) -> str | None:
        return self.kind


class RpcHttp(_Message):
    """A request, or the answer to one, as the library reads and builds them."""

    status_code: str
    headers: dict[str, str]
    cookies: "list[RpcHttpCookie] | None"
    body: TypedData | None


class _SameSite(_Message):
    Lax = "lax"
    Strict = "strict"
    ExplicitNone = "none"


setattr(_SameSite, "None", None)  # no member of that name can be written down


class RpcHttpCookie(_Message):
    SameSite = _SameSite

    name: str
    value: str


class NullableString(_Message):
    value: str


class NullableBool(_Message):
    value: bool


class NullableDouble(_Message):
    value: float


class Timestamp(_Message):
    seconds: int


class NullableTimestamp(_Message):
    value: Timestamp


class ModelBindingData(_Message):
    """What an extension of the SDK makes one of its clients from."""

    version: str
    source: str
    content_type: str
    content: bytes


class ParameterBinding:
    """A named value: an input of a call, or what an Out parameter was set to."""

    def __init__(self, name: str, data: TypedData) -> None:
        self.name = name
        self.data = data

    def WhichOneof(self, oneof: str) -> str:
        return "data"  # the other choice is shared memory, which is not modelled


class InvocationResponse(_Message):
    """On failure the library sets neither return_value nor output_data."""

    result: StatusResult
    return_value: TypedData | None = None
    output_data: list[ParameterBinding] = []  # noqa: RUF012  (never changed, only replaced)
