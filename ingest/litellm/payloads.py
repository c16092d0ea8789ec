"""What the LiteLLM proxy tells of one call, as compiled code parses it: of its 15 KB the fields that an event needs, and no others.

Messages, answers, tracebacks and price entries are passed over: they are not even decoded.
https://docs.litellm.ai/docs/proxy/logging_spec (StandardLoggingPayload); what is really sent was read and measured with 1.106.2.
"""

from typing import Any, Literal

import msgspec

from domain import limits
from ingest.decoding import NOT_JSON, unacceptable
from ingest.reports import Count

Instant = float | str | None  # seconds since 1970 as sent, though the documentation shows ISO 8601


class CacheWrites(msgspec.Struct, gc=False):
    ephemeral_1h_input_tokens: Count | None = None


class CachedParts(msgspec.Struct, gc=False):
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class InputParts(msgspec.Struct, gc=False):
    cached_tokens: Count | None = None
    cached_tokens_details: CachedParts | None = None
    cache_write_tokens: Count | None = None  # and the next one: two names of one number
    cache_creation_tokens: Count | None = None
    cache_creation_token_details: CacheWrites | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None
    video_tokens: Count | None = None


class OutputParts(msgspec.Struct, gc=False):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None
    video_tokens: Count | None = None


class Usage(msgspec.Struct, gc=False):
    """`metadata.usage_object`: whatever the provider, in OpenAI's words. Every part is included in its total."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: InputParts | None = None
    completion_tokens_details: OutputParts | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    output_image_count: Count | None = None
    service_tier: str | None = None
    server_tool_use: Any = None


class Metadata(msgspec.Struct, gc=False):
    user_api_key_hash: str | None = None
    user_api_key_alias: str | None = None
    user_api_key_team_id: Any = None
    user_api_key_team_alias: Any = None
    user_api_key_org_id: Any = None
    user_api_key_project_id: Any = None
    user_api_key_user_id: Any = None
    usage_object: Usage | None = None


class Breakdown(msgspec.Struct, gc=False, omit_defaults=True):
    """How the cost comes about. The tier is the one that was billed: that which served, where the provider tells it."""

    input_cost: float | None = None
    output_cost: float | None = None
    tool_usage_cost: float | None = None
    service_tier: str | None = None


class HiddenParameters(msgspec.Struct, gc=False):
    litellm_overhead_time_ms: float | None = None


class ErrorInformation(msgspec.Struct, gc=False):
    error_code: str | int | None = None
    error_class: str | None = None
    error_message: str | None = None
    normalized_error: str | None = None


class Payload(msgspec.Struct, gc=False):
    """One call, or one attempt of it where the proxy fell back to another deployment."""

    status: Literal["success", "failure"]
    startTime: float | str  # noqa: N815 - as it is sent, here and below
    endTime: Instant = None  # noqa: N815
    completionStartTime: Instant = None  # noqa: N815
    id: str | None = None
    litellm_call_id: str | None = None
    trace_id: Any = None
    session_id: Any = None
    call_type: str | None = None
    stream: bool | None = None
    cache_hit: bool | None = None
    custom_llm_provider: str | None = None
    model: str | None = None
    model_group: str | None = None
    model_id: str | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    response_cost: float | None = None
    saved_cache_cost: Any = None
    cost_breakdown: Breakdown | None = None
    end_user: Any = None
    request_tags: Any = None
    error_str: str | None = None
    error_information: ErrorInformation | None = None
    hidden_params: HiddenParameters | None = None
    metadata: Metadata | None = None


DECODER = msgspec.json.Decoder(Payload)


def payload(body: bytes) -> Payload:
    """Raises UnacceptableError with the payload's own field."""
    try:
        return DECODER.decode(body)
    except NOT_JSON as error:
        raise unacceptable(error) from None


class Named(msgspec.Struct, gc=False):
    litellm_call_id: str | None = None


def call_id(body: bytes) -> str | None:
    """What a payload that was refused calls itself, if that can be read."""
    try:
        found = msgspec.json.decode(body, type=Named).litellm_call_id
    except NOT_JSON:
        return None
    return found if found and len(found) <= limits.MAX_STRING_BYTES else None


NEVER_KEPT = ("messages", "response", "model_map_information")


def without_texts(body: bytes) -> bytes:
    """The payload as it came, without what people said and were answered: sent again, it says the same. What is no JSON stays as it is."""
    try:
        told = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except NOT_JSON:
        return body
    return msgspec.json.encode({name: value for name, value in told.items() if name not in NEVER_KEPT})
