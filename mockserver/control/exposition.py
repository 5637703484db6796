"""The figures of a server as Prometheus reads them. Importing this costs a tenth of a second."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from ..sandbox.registry import Sandboxes


class Figures(Collector):
    """Reads what the sandboxes of a server have counted, when it is asked for."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes

    def collect(self) -> Iterator[Metric]:
        """All figures of the server; what stands in a label comes from the descriptions, or is a status."""
        sandboxes = self._sandboxes
        requests = CounterMetricFamily(
            "dbcontract_requests", "Requests to the APIs and the storage.", labels=("operation", "status")
        )
        for (operation, status), count in sorted(sandboxes.requests.items()):
            requests.add_metric((operation, str(status) if status else "none"), count)
        yield requests
        fired = CounterMetricFamily("dbcontract_faults_fired", "Faults that struck.", labels=("operation",))
        for operation, count in sorted(sandboxes.fired().items()):
            fired.add_metric((operation,), count)
        yield fired
        evicted = "Sandboxes that went because too many were in use."
        yield CounterMetricFamily("dbcontract_sandboxes_evicted", evicted, value=sandboxes.evicted)
        yield GaugeMetricFamily("dbcontract_sandboxes", "Sandboxes with a name.", value=sandboxes.count)
        entries = "Exchanges in the journals of all sandboxes."
        yield GaugeMetricFamily("dbcontract_journal_entries", entries, value=sandboxes.journal_entries())
        uptime = "Seconds since the server was made."
        yield GaugeMetricFamily("dbcontract_uptime_seconds", uptime, value=sandboxes.uptime())


def exposed(sandboxes: Sandboxes) -> Response:
    """The figures as text, as Prometheus reads it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(sandboxes))
    return Response(generate_latest(registry), 200, {"Content-Type": CONTENT_TYPE_LATEST})
