"""Message brokers. A message says "look at this job" and nothing else.

The log remembers what has to be done, attempts count in it, and a timer sends again what had no effect. So a broker may
lose messages, repeat them or forget its queues; and none needs middleware for retries, limits or results.
"""

from uuid import UUID

import dramatiq
import redis
import structlog
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker

from jobs.errors import UnknownBrokerError

QUEUE = "tallygraph-jobs"

SECONDS_TO_WAIT = 5  # for a broker that does not answer

_log = structlog.get_logger(__name__)


def broker_from_url(url: str | None, *, namespace: str = "tallygraph") -> dramatiq.Broker:
    """A broker within this process without a URL, RabbitMQ for amqp(s)://, Redis for redis(s)://. Connects when used.

    `namespace` is the prefix of Redis's keys. Raises UnknownBrokerError.
    """
    scheme = url.partition("://")[0] if url else ""
    match scheme:
        case "":
            return StubBroker(middleware=[])
        case "amqp" | "amqps":
            return _rabbitmq(str(url))
        case "redis" | "rediss" | "unix":
            return _redis(str(url), namespace)
        case _:
            raise UnknownBrokerError(f"BROKER_URL begins with {scheme}://; use amqp://, amqps://, redis:// or rediss://.")


def _rabbitmq(url: str) -> RabbitmqBroker:
    # Without confirms a message may be "sent" to a broker that has just died.
    broker = RabbitmqBroker(url=url, confirm_delivery=True, middleware=[])
    parameters = broker.parameters if isinstance(broker.parameters, list) else [broker.parameters]
    for node in parameters:
        # A broker that is out of memory stops reading: by default the sender would wait for ever.
        node.blocked_connection_timeout = node.blocked_connection_timeout or SECONDS_TO_WAIT
        node.socket_timeout = node.stack_timeout = SECONDS_TO_WAIT
    return broker


def _redis(url: str, namespace: str) -> RedisBroker:
    client = redis.Redis.from_url(url, socket_timeout=SECONDS_TO_WAIT, socket_connect_timeout=SECONDS_TO_WAIT)
    # By default one command in a thousand looks for messages of dead workers: at our rate that takes a quarter of an hour.
    return RedisBroker(client=client, namespace=namespace, middleware=[], maintenance_chance=1_000_000, heartbeat_timeout=30_000)


class Doorbell:
    """Tells some worker to look at a job."""

    def __init__(self, broker: dramatiq.Broker, queue: str = QUEUE) -> None:
        self._broker = broker
        self._queue = queue
        broker.declare_queue(queue)

    def ring(self, job_id: UUID, noun: str) -> None:
        """`noun` says what kind of job it is. Never fails: the wish is in the log, and the timer rings again."""
        message = dramatiq.Message(queue_name=self._queue, actor_name=noun, args=(str(job_id),), kwargs={}, options={})
        try:
            self._broker.enqueue(message)
        except Exception as error:  # noqa: BLE001 - each client has exceptions of its own
            _log.warning("broker did not take a message", job=str(job_id), error=repr(error))
