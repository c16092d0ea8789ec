"""Exports: ask for a file, follow how it is made, cancel it, fetch it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from domain.access import Scope
from graph import accounts
from graph.context import Context, Info
from graph.cursors import Cursors, Key, Listing
from graph.errors import ApiError, LimitError
from graph.inputs import TimeRange, given
from graph.node import Kind, Node, global_id, name_of_kind
from graph.paging import Connection, page_of
from graph.router_inputs import Interval, RouterDimension, RouterFilter
from graph.scalars import BigInt, Position
from graph.selection import selects_page
from jobs import errors, request
from jobs.export import ExportStatus as Status
from jobs.export_states import ExportKey, ExportState
from jobs.links import download_path
from jobs.request import ExportRequest, UsageFilter
