"""What the jobs keep in Postgres: one schema for the whole service, beside the cells."""

from jobs import application, audit_states, export_states
from jobs.application import SCHEMA

__all__ = ["SCHEMA", "STATEMENTS"]

STATEMENTS = (*application.CREATE, *export_states.CREATE, *audit_states.CREATE)  # for ledger.schema.set_up
