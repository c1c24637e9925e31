"""Plain-Python stand-ins for the gRPC messages between the Functions host and its Python worker.

The worker engine is handed its message classes as a module and only builds them with keywords, reads their
attributes and asks `WhichOneof`; field names are those of `FunctionRpc.proto`.
"""

# The engine knows these classes and their members by the names of the protocol, which documents them.
# ruff: noqa: D101, N802

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

_KINDS = frozenset(
    {
        "string", "bytes", "json", "http", "int", "double", "collection_bytes", "collection_string",
        "collection_double", "collection_sint64", "model_binding_data", "collection_model_binding_data",
    }
)  # fmt: skip


class TypedData:
    """One value of one kind, or none: `TypedData(string="x").string == "x"`."""

    __slots__ = ("_kind", "_value")
    _kind: str | None
    _value: Any

    def __init__(self, **value: Any) -> None:
        given = [(kind, content) for kind, content in value.items() if content is not None]
        if len(given) > 1 or not value.keys() <= _KINDS:
            raise ValueError(f"TypedData takes one of {sorted(_KINDS)}, not {sorted(value)}")
        self._kind, self._value = given[0] if given else (None, None)

    def WhichOneof(self, _group: str) -> str | None:
        """The kind that is set, None for an empty value."""
        return self._kind

    def __getattr__(self, name: str) -> Any:
        if name == self._kind:
            return self._value
        raise AttributeError(name)


@dataclass(slots=True)
class ParameterBinding:
    name: str
    data: TypedData | None = None

    def WhichOneof(self, _group: str) -> str | None:
        """Always `data`: shared memory is not used here."""
        return "data" if self.data is not None else None


@dataclass(slots=True)
class NullableString:
    value: str


@dataclass(slots=True)
class NullableBool:
    value: bool


@dataclass(slots=True)
class NullableDouble:
    value: float


@dataclass(slots=True)
class Timestamp:
    seconds: int


@dataclass(slots=True)
class NullableTimestamp:
    value: Timestamp


class _SameSite:
    None_ = 0
    Lax = 1
    Strict = 2
    ExplicitNone = 3


setattr(_SameSite, "None", _SameSite.None_)


@dataclass(slots=True)
class RpcHttpCookie:
    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: int = 0
    max_age: NullableDouble | None = None

    SameSite: ClassVar[type[_SameSite]] = _SameSite


@dataclass(slots=True)
class RpcHttp:
    method: str = ""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: TypedData | None = None
    params: dict[str, str] = field(default_factory=dict)
    status_code: str = ""
    query: dict[str, str] = field(default_factory=dict)
    enable_content_negotiation: bool = False
    cookies: list[RpcHttpCookie] | None = None


@dataclass(slots=True)
class RpcException:
    message: str = ""
    stack_trace: str = ""
    source: str = ""


@dataclass(slots=True)
class StatusResult:
    status: int
    exception: RpcException | None = None

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1


@dataclass(slots=True)
class WorkerMetadata:
    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: dict[str, str]


@dataclass(slots=True)
class WorkerInitResponse:
    capabilities: dict[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(slots=True)
class BindingInfo:
    type: str
    data_type: int | None
    direction: int

    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2


@dataclass(slots=True)
class RpcRetryOptions:
    max_retry_count: int
    retry_strategy: str
    delay_interval: Any = None
    minimum_interval: Any = None
    maximum_interval: Any = None


@dataclass(slots=True)
class RpcFunctionMetadata:
    name: str
    function_id: str
    directory: str
    script_file: str
    entry_point: str
    language: str
    bindings: dict[str, BindingInfo]
    raw_bindings: list[str]
    properties: dict[str, str]
    retry_options: RpcRetryOptions | None = None
    managed_dependency_enabled: bool = False
    is_proxy: bool = False


@dataclass(slots=True)
class FunctionMetadataResponse:
    use_default_metadata_indexing: bool
    function_metadata_results: list[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(slots=True)
class FunctionLoadResponse:
    function_id: str
    result: StatusResult


@dataclass(slots=True)
class RpcTraceContext:
    trace_parent: str = ""
    trace_state: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class RetryContext:
    retry_count: int = 0
    max_retry_count: int = 0
    exception: RpcException | None = None


@dataclass(slots=True)
class InvocationRequest:
    invocation_id: str
    function_id: str
    input_data: list[ParameterBinding]
    trigger_metadata: dict[str, TypedData]
    trace_context: RpcTraceContext
    retry_context: RetryContext


@dataclass(slots=True)
class InvocationResponse:
    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: list[ParameterBinding] = field(default_factory=list)
