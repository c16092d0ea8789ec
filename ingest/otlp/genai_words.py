"""The words of OpenTelemetry's GenAI conventions, those of before among them, and ours for them. docs/opentelemetry.md has the table.

https://github.com/open-telemetry/semantic-conventions-genai
"""

import re
from typing import NamedTuple

Names = tuple[str, ...]
"""Attributes that say the same, the present name first: the first that is there holds."""

OPERATION: Names = ("gen_ai.operation.name", "llm.request.type")
PROVIDER: Names = ("gen_ai.provider.name", "gen_ai.system")
AGENT: Names = ("gen_ai.agent.name", "gen_ai.agent.id")
REQUEST_MODEL: Names = ("gen_ai.request.model",)
RESPONSE_MODEL: Names = ("gen_ai.response.model",)
RESPONSE_ID: Names = ("gen_ai.response.id",)
INPUT_TOKENS: Names = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
OUTPUT_TOKENS: Names = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
CACHE_READ: Names = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens")
CACHE_WRITE: Names = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
)
REASONING: Names = ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens")
FIRST_TOKEN: Names = ("gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token")  # seconds
SERVED_TIER: Names = ("openai.response.service_tier", "gen_ai.openai.response.service_tier")
ASKED_TIER: Names = ("openai.request.service_tier", "gen_ai.openai.request.service_tier")
HTTP_STATUS: Names = ("http.response.status_code", "http.status_code")
ERROR_TYPE: Names = ("error.type",)
EXTRAS: Names = (  # kept with the event, for people
    *("gen_ai.conversation.id", "gen_ai.response.id", "gen_ai.response.finish_reasons", "gen_ai.operation.name", "gen_ai.provider.name"),
    *("gen_ai.system", "gen_ai.request.model", "gen_ai.request.stream", "error.type", "server.address", "server.port"),
    *SERVED_TIER,
)
READ = frozenset(
    (
        *(*OPERATION, *PROVIDER, *AGENT, *REQUEST_MODEL, *RESPONSE_MODEL, *RESPONSE_ID, *INPUT_TOKENS, *OUTPUT_TOKENS, *CACHE_READ),
        *(*CACHE_WRITE, *REASONING, *FIRST_TOKEN, *SERVED_TIER, *ASKED_TIER, *HTTP_STATUS, *ERROR_TYPE, *EXTRAS),
    )
)
"""All that is read of a span. Nothing else passes the door: messages, which are nobody's business here, least of all."""

SERVICE_NAME: Names = ("service.name",)
SERVICE_NAMESPACE: Names = ("service.namespace",)
CACHE_TOKENS: Names = ("tallygraph.cache_tokens",)  # whether a service's exporter counts cached tokens `inside` its input tokens
READ_OF_RESOURCE = frozenset((*SERVICE_NAME, *SERVICE_NAMESPACE, *CACHE_TOKENS))


class Operation(NamedTuple):
    """What kind of request it is, in our words."""

    request_type: str | None
    technology: str | None


REQUESTS = {
    "chat": Operation("chat", "LLM"),
    "generate_content": Operation("chat", "LLM"),
    "text_completion": Operation("completion", "LLM"),
    "completion": Operation("completion", "LLM"),
    "embeddings": Operation("embedding", "Embedding"),
    "embedding": Operation("embedding", "Embedding"),
}
UNNAMED = Operation(None, None)
AROUND_REQUESTS = frozenset(("create_agent", "invoke_agent", "invoke_workflow", "execute_tool", "retrieval"))

PROVIDERS = {  # as price lists name them
    "aws": "bedrock",
    "aws.bedrock": "bedrock",
    "az.ai.inference": "azure_ai",
    "az.ai.openai": "azure",
    "azure.ai.inference": "azure_ai",
    "azure.ai.openai": "azure",
    "gcp.gemini": "gemini",
    "gcp.vertex_ai": "vertex_ai",
    "ibm.watsonx.ai": "watsonx",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshot",
    "vertexai": "vertex_ai",
    "x_ai": "xai",
}

STATUS_CODES = {  # of the errors of client libraries that stand for one status
    # https://github.com/openai/openai-python#handling-errors, and Anthropic's likewise
    "BadRequestError": 400,
    "AuthenticationError": 401,
    "PermissionDeniedError": 403,
    "NotFoundError": 404,
    "ConflictError": 409,
    "UnprocessableEntityError": 422,
    "RateLimitError": 429,
    "InternalServerError": 500,
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "ModelErrorException": 424,
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}
ERROR_CODE = re.compile(r"Error code: ([45]\d\d)\b", re.ASCII)  # how the libraries of OpenAI and Anthropic begin a message
