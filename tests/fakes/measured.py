"""What listens to metrics in the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from opentelemetry import metrics
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    HistogramDataPoint,
    InMemoryMetricReader,
    MetricsData,
)

_PREFIX = "tenantry."
Attributes = tuple[tuple[str, str], ...]


class Measured:
    """What was measured while somebody listened, by instrument and attributes."""

    def __init__(self) -> None:
        self.values: dict[str, dict[Attributes, float]] = {}
        self.counts: dict[str, dict[Attributes, int]] = {}
        self.bounds: dict[str, tuple[float, ...]] = {}
        self.units: dict[str, str] = {}

    def of(self, name: str) -> dict[Attributes, float]:
        """The sum, or of a gauge the last value, for each set of attributes; their prefix is left out."""
        return self.values.get(name, {})

    def one(self, name: str) -> float:
        """The only value of that name."""
        (value,) = self.of(name).values()
        return value

    def read(self, data: MetricsData | None) -> None:
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics if scope.scope.name == "tenantry" else ():
                    self.units[metric.name] = metric.unit or ""
                    for point in metric.data.data_points:
                        self._note(metric.name, point)

    def _note(self, name: str, point: object) -> None:
        given: dict[str, str] = dict(point.attributes or {})  # type: ignore[attr-defined]
        key = tuple(sorted((attribute.removeprefix(_PREFIX), value) for attribute, value in given.items()))
        if isinstance(point, HistogramDataPoint):
            self.values.setdefault(name, {})[key] = point.sum
            self.counts.setdefault(name, {})[key] = point.count
            self.bounds[name] = tuple(point.explicit_bounds)
        else:
            self.values.setdefault(name, {})[key] = point.value  # type: ignore[attr-defined]


@cache
def _reader() -> InMemoryMetricReader:
    """A process has one meter provider, which cannot be replaced; each reading begins anew."""
    fresh = dict.fromkeys((Counter, Histogram), AggregationTemporality.DELTA)
    reader = InMemoryMetricReader(preferred_temporality=fresh)  # type: ignore[arg-type]
    metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
    return reader


@contextmanager
def measuring() -> Iterator[Measured]:
    """What the app measures meanwhile; it can be looked at afterwards."""
    reader, measured = _reader(), Measured()
    reader.get_metrics_data()
    yield measured
    measured.read(reader.get_metrics_data())
