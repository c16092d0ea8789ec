"""Payloads of the LiteLLM proxy, in the shapes that 1.106.2 was seen to send them in, shortened."""

from typing import Any

import msgspec

ACOMPLETION: dict[str, Any] = {
    "id": "chatcmpl-1",
    "litellm_call_id": "call-1",
    "trace_id": "trace-1",
    "session_id": "",
    "call_type": "acompletion",
    "cache_hit": None,
    "stream": None,
    "status": "success",
    "status_fields": {"llm_api_status": "success", "guardrail_status": "not_run"},
    "custom_llm_provider": "openai",
    "saved_cache_cost": 0.0,
    "startTime": 1776780187.147712,
    "endTime": 1776780188.897987,
    "completionStartTime": 1776780188.897987,
    "response_time": 1.750274896621704,
    "model": "openai/gpt-5-mini",
    "model_group": "mini",
    "model_id": "9fc2eed3",
    "response_cost": 0.001118,
    "cost_breakdown": {"input_cost": 0.000318, "output_cost": 0.0008, "tool_usage_cost": 0.0, "service_tier": None},
    "total_tokens": 3400,
    "prompt_tokens": 3000,
    "completion_tokens": 400,
    "request_tags": ["checkout"],
    "end_user": "end-user-42",
    "messages": [{"role": "user", "content": "a secret of the user"}],
    "response": {"id": "chatcmpl-1", "choices": [{"message": {"content": "a secret answer"}}], "service_tier": "default"},
    "model_parameters": {"stream": False},
    "hidden_params": {"litellm_overhead_time_ms": 15.1069, "response_cost": 0.001118},
    "model_map_information": {
        "model_map_key": "openai/gpt-5-mini",
        "model_map_value": {"litellm_provider": "openai", "max_tokens": 128000},
    },
    "error_str": None,
    "error_information": {"error_code": "", "error_class": "", "traceback": "", "error_message": "", "normalized_error": None},
    "metadata": {
        "user_api_key_hash": "47a5c3cd",
        "user_api_key_alias": "team-b-ci",
        "user_api_key_team_id": "team_b",
        "user_api_key_team_alias": "Team B",
        "user_api_key_org_id": "org_1",
        "user_api_key_user_id": "u_bob",
        "usage_object": {
            "completion_tokens": 400,
            "prompt_tokens": 3000,
            "total_tokens": 3400,
            "completion_tokens_details": {"audio_tokens": 0, "reasoning_tokens": 320, "text_tokens": None},
            "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 1920, "text_tokens": None},
        },
    },
}
FAILED: dict[str, Any] = {
    "status": "failure",
    "id": "call-1",
    "response_cost": 0.0,
    "cost_breakdown": None,
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "total_tokens": 0,
    "response": {},
    "hidden_params": {"litellm_overhead_time_ms": None},
    "error_str": "litellm.RateLimitError: Rate limit reached",
    "error_information": {
        "error_code": "429",
        "error_class": "RateLimitError",
        "traceback": '  File "utils.py", line 2112',
        "error_message": "litellm.RateLimitError: Rate limit reached",
        "normalized_error": "429_RATE_LIMIT_EXCEEDED",
    },
}
HUNG_UP: dict[str, Any] = {
    "stream": True,
    "cache_hit": False,
    "completionStartTime": 1776780187.206035,
    "error_str": "Client disconnected the request",
    "error_information": {"error_code": "499", "error_message": "Client disconnected the request", "error_class": "ClientDisconnected"},
}


def payload(usage: Any = ..., metadata: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A chat of 3000 tokens, 1920 of them cached, and 400, 320 of them reasoning; with other fields, or another usage."""
    known = ACOMPLETION["metadata"] | ({} if usage is ... else {"usage_object": usage}) | (metadata or {})
    return ACOMPLETION | {"metadata": known} | fields


def failed(usage: Any = ..., **fields: Any) -> dict[str, Any]:
    """The same call, failed."""
    return payload({} if usage is ... else usage, **(FAILED | fields))


def body(told: Any) -> bytes:
    """As JSON."""
    return msgspec.json.encode(told)
