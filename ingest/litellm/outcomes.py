"""How a call of the LiteLLM proxy ended: with which status, and with which words."""

import re
from typing import Any

from ingest.litellm.payloads import ErrorInformation, Payload

HUNG_UP = ("499", "ClientDisconnected")  # as code, or as class
CODE = re.compile(r"[45]\d\d", re.ASCII)
NORMALIZED = re.compile(r"([45]\d\d)_\w+", re.ASCII)  # such as 429_RATE_LIMIT_EXCEEDED
CODES = {  # https://docs.litellm.ai/docs/exception_mapping
    "BadRequestError": 400,
    "UnsupportedParamsError": 400,
    "ContextWindowExceededError": 400,
    "ContentPolicyViolationError": 400,
    "AuthenticationError": 401,
    "PermissionDeniedError": 403,
    "NotFoundError": 404,
    "Timeout": 408,
    "UnprocessableEntityError": 422,
    "RateLimitError": 429,
    "BudgetExceededError": 429,
    "InternalServerError": 500,
    "APIConnectionError": 500,
    "APIError": 500,
    "BadGatewayError": 502,
    "ServiceUnavailableError": 503,
}
NO_REASON = "failed, and the proxy does not say why"


def failure(told: Payload) -> dict[str, Any]:
    """The status code, null where nothing tells it, and a message, always: one of them has to say that the call failed."""
    error = told.error_information or ErrorInformation()
    message = error.error_message or told.error_str or error.normalized_error or error.error_class or NO_REASON
    return {"status_code": _status_code(error), "error_message": message}


def is_interrupted(told: Payload) -> bool:
    """Whether the client hung up on a stream: then the provider never told what it used, and the proxy calls its guess a success."""
    error = told.error_information or ErrorInformation()
    return str(error.error_code) in HUNG_UP or error.error_class in HUNG_UP


def _status_code(error: ErrorInformation) -> int | None:
    """`error_code` is whatever the exception calls its code: also `context_length_exceeded`, or nothing."""
    code = str(error.error_code)
    if CODE.fullmatch(code):
        return int(code)
    if found := NORMALIZED.fullmatch(error.normalized_error or ""):
        return int(found[1])
    return CODES.get(error.error_class or "")
