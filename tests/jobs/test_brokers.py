from uuid import UUID

import pytest
from dramatiq.brokers.stub import StubBroker

from jobs.brokers import Doorbell, broker_from_url
from jobs.errors import UnknownBrokerError

NOBODY = "127.0.0.1:9"  # the port of "discard", where nothing listens


def test_without_a_url_messages_stay_in_the_process():
    assert isinstance(broker_from_url(None), StubBroker)
    assert isinstance(broker_from_url(""), StubBroker)


def test_other_brokers_are_refused_by_name():
    with pytest.raises(UnknownBrokerError, match=r"^BROKER_URL begins with kafka://; use amqp://, amqps://, redis:// or rediss://\.$"):
        broker_from_url("kafka://example")


@pytest.mark.parametrize("url", [f"amqp://{NOBODY}", f"redis://{NOBODY}"])
def test_a_broker_that_is_away_fails_nobody(url: str, capfd: pytest.CaptureFixture[str]):
    broker = broker_from_url(url)
    Doorbell(broker, "exports").ring(UUID(int=1), "export")
    assert "broker did not take a message" in capfd.readouterr().out
    broker.close()


def test_messages_carry_the_id_and_nothing_else():
    broker = StubBroker(middleware=[])
    Doorbell(broker, "exports").ring(UUID(int=1), "export")
    message = next(broker.consume("exports"))
    assert message is not None
    assert (message.actor_name, message.args, message.kwargs) == ("export", ("00000000-0000-0000-0000-000000000001",), {})
