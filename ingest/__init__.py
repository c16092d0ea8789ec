"""Dialects of the outside world become events of the domain, and the endpoints that take them."""
