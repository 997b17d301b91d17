from collections.abc import Iterator

import httpx
import pytest

from tests.infra.edge.site import PRODUCTION, Site, served


@pytest.fixture(scope="session")
def shared_site() -> Iterator[Site]:
    with served() as found:
        yield found


@pytest.fixture
def site(shared_site: Site) -> Site:
    """The edge with introspection, as in development."""
    shared_site.world.renamed.clear()
    shared_site.world.seen_texts.clear()
    return shared_site


@pytest.fixture(scope="session")
def production() -> Iterator[Site]:
    """The edge as in production."""
    with served(PRODUCTION) as found:
        yield found


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """A client for any site. It makes no TLS context, which takes longer than most of these tests."""
    with httpx.Client(trust_env=False, verify=False) as found:
        yield found


@pytest.fixture
def client(http: httpx.Client, site: Site) -> httpx.Client:
    """A client of `site`."""
    http.base_url = httpx.URL(f"http://127.0.0.1:{site.port}")
    return http
