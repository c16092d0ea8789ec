"""The proxy's names for kinds of calls and tiers of service, in ours."""

from ingest.litellm.payloads import Payload
from ingest.tiers import not_standard

CHAT = ("chat", "LLM")
TYPES = {  # request_type and technology
    "completion": CHAT,
    "responses": CHAT,
    "anthropic_messages": CHAT,
    "generate_content": CHAT,
    "generate_content_stream": CHAT,
    "text_completion": ("completion", "LLM"),
    "embedding": ("embedding", "Embedding"),
    "image_generation": ("image_generation", "image-generation"),
    "image_edit": ("image_edit", "image-generation"),
    "transcription": ("transcription", None),
    "speech": ("speech", None),
    "rerank": ("rerank", None),
    "moderation": ("moderation", None),
}
KINDS = TYPES | {f"a{name}": kind for name, kind in TYPES.items()}
"""By `call_type`, of synchronous and asynchronous calls alike. Other calls keep the proxy's name."""

SAME_TIER = {"fast": "priority", "batches": "batch"}


def provider_tier(told: Payload) -> str | None:
    """The tier that served, null for the standard one. What was asked for does not matter: a provider may serve it as it likes."""
    usage = told.metadata.usage_object if told.metadata else None
    tier = told.cost_breakdown.service_tier if told.cost_breakdown else None
    tier = not_standard(tier or (usage and usage.service_tier))
    return tier and SAME_TIER.get(tier, tier)
