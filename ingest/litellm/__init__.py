"""The LiteLLM proxy's calls become events: `POST /v1/litellm`."""
