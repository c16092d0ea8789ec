"""Exports: ask for a file, follow how it is made, cancel it, fetch it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from domain.access import Scope
from graph.context import Context, Info
from graph.desks import followed, jobs_of
from graph.export_contents import ExportContents, contents_of
from graph.node import Kind, Node, global_id, name_of_kind
from graph.paging import Connection
from graph.scalars import BigInt, Position
from jobs.export_states import ExportState
from jobs.job import JobStatus
from jobs.links import Linked, download_path


@strawberry.enum(description="The format of an export's file.")
class ExportFormat(Enum):
    XLSX = strawberry.enum_value("xlsx", description="An Excel workbook: a summary, the usage, and a data dictionary.")
    CSV = strawberry.enum_value(
        "csv", description="Comma-separated text with a header, RFC 4180 in UTF-8: the usage alone, with all digits."
    )
    PARQUET = strawberry.enum_value(
        "parquet", description="A typed table for data tools: the usage, with the summary and the data dictionary as the file's metadata."
    )


@strawberry.enum(description="How far an export is.")
class ExportStatus(Enum):
    PENDING = strawberry.enum_value("pending", description="It waits for a worker.")
    RUNNING = strawberry.enum_value("running", description="A worker writes the file.")
    COMPLETED = strawberry.enum_value("completed", description="The file can be downloaded.")
    FAILED = strawberry.enum_value("failed", description="There will be no file; `error` says why.")
    CANCELLED = strawberry.enum_value("cancelled", description="Somebody has cancelled it.")
    EXPIRED = strawberry.enum_value("expired", description="The file was there, and has been removed.")


@strawberry.type(description="A file of router usage that somebody asked for.")
class Export(Node):
    status: ExportStatus = strawberry.field(description="How far it is.")
    format: ExportFormat = strawberry.field(description="The format of the file.")
    progress: float = strawberry.field(description="From 0 to 1: the part of the rows that is written. A new attempt begins again.")
    row_count: BigInt | None = strawberry.field(description="How many rows the file has; null until it is completed.")
    file_name: str | None = strawberry.field(description="The name of the file; null until it is completed.")
    file_size: BigInt | None = strawberry.field(description="The size of the file in bytes; null until it is completed.")
    sha256: str | None = strawberry.field(description="The SHA-256 of the file, in hexadecimal; null until it is completed.")
    error: str | None = strawberry.field(description="Why it failed; null where it has not.")
    position: Position | None = strawberry.field(description="The place in the log that the file shows; null until it is completed.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    completed_at: datetime | None = strawberry.field(description="When it was completed.")
    expires_at: datetime | None = strawberry.field(description="When the file is removed; null until it is completed.")
    state: strawberry.Private[ExportState]

    @strawberry.field(description="Which router usage the file holds, as it was asked for.")
    async def contents(self, info: Info) -> ExportContents:
        return await contents_of(info, self.state)

    @strawberry.field(
        description="Where to download the file: signed, made when asked for, and good for ten minutes. Null unless it is completed."
    )
    def download_url(self, info: Info) -> str | None:
        state, services = self.state, info.context.services
        if state.status is not JobStatus.COMPLETED or state.file_name is None:
            return None
        path = download_path(Linked.EXPORT, services.seal, state.id, state.account_id, file_name=state.file_name, now=services.clock())
        return services.public_url + path


def to_export(context: Context, state: ExportState) -> Export:
    """The export as the answer shows it."""
    return Export(
        id=global_id(Kind.EXPORT, state.id.bytes),
        state=state,
        status=ExportStatus[state.status.name],
        format=ExportFormat[state.format],
        progress=state.progress,
        row_count=state.row_count,
        file_name=state.file_name,
        file_size=state.file_size,
        sha256=state.sha256,
        error=state.error,
        position=None if state.position is None else context.sealed(state.position),
        created_at=state.created_at,
        completed_at=state.completed_at,
        expires_at=state.expires_at,
    )


async def export_by_id(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The export's id.")]) -> Export | None:
    """Null where it is not there or not the viewer's."""
    info.context.require(Scope.READ, "export")
    name = name_of_kind(id, Kind.EXPORT)
    return None if name is None else await export_by_name(info, name)


async def export_by_name(info: Info, name: bytes) -> Export | None:
    """The export with this name of 16 bytes; null where it is not there or not the viewer's."""
    context = info.context
    context.require(Scope.READ, "export")
    state = await context.services.exports.get(UUID(bytes=name), context.viewer.account_id)
    return None if state is None else to_export(context, state)


async def exports_of(info: Info, account_id: UUID, first: int, after: str | None) -> Connection[Export]:
    """A page of the account's exports, newest first."""
    context = info.context
    asked = (info, context.services.exports, account_id, "exports")
    return await jobs_of(*asked, first=first, after=after, node=lambda state: to_export(context, state))


async def export_updated(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The export's id.")]
) -> AsyncGenerator[Export, None]:
    """Raises NotFoundError where it is not there or not the viewer's."""
    context = info.context
    context.require(Scope.READ, "exportUpdated")
    async with aclosing(followed(info, context.services.exports, name_of_kind(id, Kind.EXPORT), NO_EXPORT)) as states:
        async for state in states:
            yield to_export(context, state)


NO_EXPORT = "There is no such export: give the id of one that you see."
