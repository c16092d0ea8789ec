"""Mistakes are not edited: a correction follows the request in its stream, at the next version, and says why."""

from typing import Any, ClassVar

import msgspec

from domain.events import Quantity, RequestCompleted, UsageEvent
from domain.names import request_originator_id

CORRECTABLE = (  # fields of RequestCompleted; what names a request, and when it was, cannot change
    "model",
    "request_id",
    "request_type",
    "model_version",
    "provider",
    "technology",
    "service_tier",
    "channel",
    "deployment",
    "api_key",
    "api_key_name",
    "input",
    "output",
    "ttft_ns",
    "latency_ns",
    "gateway_latency_ns",
    "status_code",
    "error_message",
    "usage_source",
    "reported_cost",
)


class RequestChange(UsageEvent, frozen=True, array_like=True, gc=False):
    """Something about a request that was reported earlier, or will be. `version` is the one it was made of."""

    of_source: str
    of_id: str
    of_time: int  # microseconds since 1970
    version: int
    reason: str

    @property
    def originator_id(self) -> bytes:
        """The 16 bytes of the request's stream."""
        return request_originator_id(self.account, self.of_source, self.of_id, self.of_time)

    @property
    def originator_version(self) -> int:
        """Its place in that stream: two changes of one version conflict."""
        return self.version + 1


class RequestCorrected(RequestChange, frozen=True, array_like=True, gc=False):
    """`changes` has new values by name, ordered by name; a null makes a field unknown. Other fields stay as they are."""

    TOPIC: ClassVar[str] = "request.corrected"

    changes: dict[str, Any]
    original: bytes | None = None

    def applied(self, request: RequestCompleted) -> RequestCompleted:
        """The request as it is from then on."""
        changes = dict(self.changes)
        for side in ("input", "output"):
            if changes.get(side) is not None:
                changes[side] = msgspec.convert(changes[side], tuple[Quantity, ...])
        return msgspec.structs.replace(request, **changes)


class RequestVoided(RequestChange, frozen=True, array_like=True, gc=False):
    """The request counts in no figure from then on."""

    TOPIC: ClassVar[str] = "request.voided"

    original: bytes | None = None
