"""Where the service listens."""

import socket

import pytest

from service.errors import PortInUseError
from service.place import Place, listening


def refusal(place: Place) -> str:
    with pytest.raises(PortInUseError) as caught, listening(place):
        pass
    return str(caught.value)


def test_an_address_that_others_use_is_told():
    with listening(Place("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refusal(Place("127.0.0.1", port)) == f"127.0.0.1:{port} is in use by another program: choose another with --port."


def test_an_address_of_another_machine_is_told():
    told = refusal(Place("192.0.2.1", 8000))
    assert told == "192.0.2.1:8000 cannot be used (Cannot assign requested address): choose another with --host, --port."


def test_an_address_is_free_again_at_once():
    with listening(Place("127.0.0.1", 0)) as first:
        place = Place("127.0.0.1", first.getsockname()[1])
        with socket.create_connection((place.host, place.port)), first.accept()[0]:
            pass
    with listening(place):
        pass


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("figures.test", "http://figures.test:8000"),
    ],
)
def test_a_browser_on_this_machine_is_given_an_address_that_it_can_reach(host: str, url: str):
    assert Place(host, 8000).url == url
