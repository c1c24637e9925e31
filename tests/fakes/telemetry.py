"""What listens to spans in the tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind
from opentelemetry.util.types import Attributes


class Heard(list[ReadableSpan]):
    """Spans in the order in which they ended."""

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.named(name)
        return span

    def parent(self, span: ReadableSpan) -> ReadableSpan | None:
        """The span that this one is a part of; None where it is the first, or its parent is not ours."""
        wanted = span.parent and span.parent.span_id
        return next((other for other in self if other.context and other.context.span_id == wanted), None)

    def way_back(self, span: ReadableSpan) -> list[str]:
        """The names of the span and of those that it is a part of."""
        parent = self.parent(span)
        return [span.name, *([] if parent is None else self.way_back(parent))]

    @property
    def traces(self) -> set[int]:
        return {span.context.trace_id for span in self if span.context}


class _Ear(SpanExporter, Sampler):
    """Takes spans while somebody listens; a process has one tracer provider, which cannot be replaced."""

    def __init__(self) -> None:
        self.heard: Heard | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.heard is not None:
            self.heard += spans
        return SpanExportResult.SUCCESS

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        *_: object,
        **__: object,
    ) -> SamplingResult:
        decision = Decision.DROP if self.heard is None else Decision.RECORD_AND_SAMPLE
        return SamplingResult(decision, attributes)

    def get_description(self) -> str:
        return "while somebody listens"


@cache
def _ear() -> _Ear:
    ear = _Ear()
    provider = TracerProvider(sampler=ear, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(ear))
    trace.set_tracer_provider(provider)
    return ear


@contextmanager
def listening() -> Iterator[Heard]:
    """Every span that ends meanwhile, whichever library made it."""
    ear = _ear()
    ear.heard = Heard()
    try:
        yield ear.heard
    finally:
        ear.heard = None
