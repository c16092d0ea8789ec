"""The message broker of the settings."""

import dramatiq

from jobs.brokers import broker_from_url
from jobs.errors import UnknownBrokerError
from service.errors import SettingError
from service.settings import Settings


def broker_of(settings: Settings) -> dramatiq.Broker:
    """The broker of BROKER_URL, or one within this process. Raises SettingError; whether the broker answers is found out later."""
    try:
        return broker_from_url(settings.broker_url)
    except UnknownBrokerError as error:
        raise SettingError(str(error)) from None
    except ValueError:  # of the client's library, with the URL in it
        raise SettingError("BROKER_URL cannot be understood: write amqp://user:password@host:5672/ or redis://host:6379/0.") from None
