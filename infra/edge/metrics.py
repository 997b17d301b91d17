"""Counts and times, for Prometheus. Labels are names of the schema's or of ours, never what a client wrote."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_asgi_app
from starlette.types import ASGIApp

from infra.edge.facts import Facts

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WHAT = ("api", "type", "field")


class Metrics:
    """One set of metrics, in a registry of its own. `registry` takes those of other parts, too."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "graphql_requests", "Requests over HTTP.", (*WHAT, "status", "code"), registry=self.registry
        )
        self._seconds = Histogram(
            "graphql_request_seconds", "How long they took.", WHAT, registry=self.registry, buckets=SECONDS
        )
        self._kinds: dict[tuple[str, ...], tuple[Counter, Histogram]] = {}
        """The two metrics of each kind of request, once found: as many as there are labels, and those are few."""
        self._sockets = Gauge("graphql_sockets", "Open sockets.", ("api",), registry=self.registry)
        self._subscriptions = Gauge(
            "graphql_subscriptions", "Open subscriptions.", ("api", "field"), registry=self.registry
        )
        self._closes = Counter(
            "graphql_socket_closes", "Sockets that were closed from here.", ("api", "code"), registry=self.registry
        )

    def request(self, api: str, facts: Facts, status: int, seconds: float) -> None:
        kind = (api, facts.operation_type or "", facts.root_field or "", str(status), facts.code or "")
        found = self._kinds.get(kind)
        if found is None:
            found = self._kinds[kind] = self._requests.labels(*kind), self._seconds.labels(*kind[:3])
        requests, times = found
        requests.inc()
        times.observe(seconds)

    def socket(self, api: str, change: int) -> None:
        self._sockets.labels(api).inc(change)

    def subscription(self, api: str, root_field: str, change: int) -> None:
        self._subscriptions.labels(api, root_field).inc(change)

    def socket_closed(self, api: str, code: int) -> None:
        self._closes.labels(api, str(code)).inc()


def metrics_app(metrics: Metrics) -> ASGIApp:
    """An application that answers any GET with the metrics, for a port that is not open to the world."""
    app: ASGIApp = make_asgi_app(registry=metrics.registry)
    return app
