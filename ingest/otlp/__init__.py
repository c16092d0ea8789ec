"""OpenTelemetry's spans of requests to models become events: `POST /v1/traces`."""
