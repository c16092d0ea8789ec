"""What is sent, type by type, as compiled code parses and checks it. The rules it cannot say are beside the builders of each type.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from domain import limits

Name = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=limits.MAX_QUANTITY)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=limits.MAX_DURATION_MS)]
StatusCode = Annotated[int, msgspec.Meta(ge=200, le=599)]
Channel = Literal["router", "deployment"]
UsageSource = Literal["reported", "estimated", "none"]
Cost = Annotated[str, msgspec.Meta(max_length=limits.MAX_COST_CHARACTERS)]
Version = Annotated[int, msgspec.Meta(ge=1, le=limits.MAX_VERSION)]


class ReportedQuantity(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    category: Name
    unit: Name = "token"
    quantity: Count


class ReportedApiKey(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: Name
    name: str | None = None


Quantities = Annotated[list[ReportedQuantity], msgspec.Meta(max_length=limits.MAX_CATEGORIES_PER_SIDE)]


class ReportedRequest(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`data` of a request.completed."""

    model: Name
    request_id: str | None = None
    request_type: str | None = None
    model_version: str | None = None
    provider: str | None = None
    technology: str | None = None
    service_tier: str | None = None
    channel: Channel | None = None
    deployment: str | None = None
    api_key: ReportedApiKey | None = None
    input: Quantities | None = None
    output: Quantities | None = None
    ttft_ms: Milliseconds | None = None
    latency_ms: Milliseconds | None = None
    gateway_latency_ms: Milliseconds | None = None
    status_code: StatusCode | None = None
    error_message: str | None = None
    usage_source: UsageSource | None = None
    reported_cost: Cost | None = None
    usage: dict[str, Any] | None = None  # a provider's own block, in the place of input and output
    usage_format: str | None = None


class ReportedName(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Which request is meant."""

    source: Name
    id: Name
    time: str


class ReportedVoiding(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a request.voided."""

    of: ReportedName
    version: Version
    reason: Name


class ReportedCorrection(ReportedVoiding, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a request.corrected: what is absent stays as it is."""

    model: Name | UnsetType = UNSET
    request_id: str | UnsetType | None = UNSET
    request_type: str | UnsetType | None = UNSET
    model_version: str | UnsetType | None = UNSET
    provider: str | UnsetType | None = UNSET
    technology: str | UnsetType | None = UNSET
    service_tier: str | UnsetType | None = UNSET
    channel: Channel | UnsetType | None = UNSET
    deployment: str | UnsetType | None = UNSET
    api_key: ReportedApiKey | UnsetType | None = UNSET
    input: Quantities | UnsetType | None = UNSET
    output: Quantities | UnsetType | None = UNSET
    ttft_ms: Milliseconds | UnsetType | None = UNSET
    latency_ms: Milliseconds | UnsetType | None = UNSET
    gateway_latency_ms: Milliseconds | UnsetType | None = UNSET
    status_code: StatusCode | UnsetType | None = UNSET
    error_message: str | UnsetType | None = UNSET
    usage_source: UsageSource | UnsetType | None = UNSET
    reported_cost: Cost | UnsetType | None = UNSET
    usage: Any | UnsetType = UNSET  # refused: see ingest/requests.py


class ReportedDeployment(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a deployment.stopped or deployment.succeeded."""

    deployment: Name


class ReportedAllocation(ReportedDeployment, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a deployment.started."""

    gpus: Decimal | None = None


class ReportedScaling(ReportedDeployment, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a deployment.scaled."""

    gpus: Decimal


class ReportedCreation(ReportedAllocation, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a deployment.created."""

    name: str | None = None
    kind: Literal["deployment", "fine_tuning"] | None = None
    model: str | None = None
    gpu_type: str | None = None


class ReportedFailure(ReportedDeployment, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a deployment.failed."""

    error_message: str | None = None


class ReportedPrice(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a price.set."""

    model: Name
    provider: str | None = None
    direction: Literal["input", "output"]
    category: Name
    unit: Name = "token"
    unit_price: str
    effective_from: str
    above_prompt_tokens: Annotated[int, msgspec.Meta(ge=0, le=limits.MAX_QUANTITY)] | None = None
    service_tier: str | None = None
    sheet: str | None = None


class ReportedGpuPrice(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a gpu_price.set."""

    gpu_type: Name
    unit_price: str
    effective_from: str


class ReportedRange(msgspec.Struct, forbid_unknown_fields=True, gc=False, rename={"start": "from", "end": "to"}):
    start: str
    end: str


class ReportedRenewal(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """`data` of a rating.renewed."""

    range: ReportedRange
    models: Annotated[list[Name], msgspec.Meta(max_length=limits.MAX_MODELS_PER_RENEWAL)] | None = None
    reason: Name


class Report(msgspec.Struct, forbid_unknown_fields=True, gc=False, tag_field="type", kw_only=True):
    """The envelope."""

    specversion: Literal["1.0"]
    source: Name
    id: Name
    time: str
    subject: str | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None


class RequestCompletedReport(Report, forbid_unknown_fields=True, gc=False, tag="request.completed", kw_only=True):
    data: ReportedRequest


class RequestCorrectedReport(Report, forbid_unknown_fields=True, gc=False, tag="request.corrected", kw_only=True):
    data: ReportedCorrection


class RequestVoidedReport(Report, forbid_unknown_fields=True, gc=False, tag="request.voided", kw_only=True):
    data: ReportedVoiding


class DeploymentCreatedReport(Report, forbid_unknown_fields=True, gc=False, tag="deployment.created", kw_only=True):
    data: ReportedCreation


class DeploymentStartedReport(Report, forbid_unknown_fields=True, gc=False, tag="deployment.started", kw_only=True):
    data: ReportedAllocation


class DeploymentScaledReport(Report, forbid_unknown_fields=True, gc=False, tag="deployment.scaled", kw_only=True):
    data: ReportedScaling


class DeploymentStoppedReport(Report, forbid_unknown_fields=True, gc=False, tag="deployment.stopped", kw_only=True):
    data: ReportedDeployment


class DeploymentSucceededReport(Report, forbid_unknown_fields=True, gc=False, tag="deployment.succeeded", kw_only=True):
    data: ReportedDeployment


class DeploymentFailedReport(Report, forbid_unknown_fields=True, gc=False, tag="deployment.failed", kw_only=True):
    data: ReportedFailure


class PriceSetReport(Report, forbid_unknown_fields=True, gc=False, tag="price.set", kw_only=True):
    data: ReportedPrice


class GpuPriceSetReport(Report, forbid_unknown_fields=True, gc=False, tag="gpu_price.set", kw_only=True):
    data: ReportedGpuPrice


class RatingRenewedReport(Report, forbid_unknown_fields=True, gc=False, tag="rating.renewed", kw_only=True):
    data: ReportedRenewal


DeploymentReport = (
    DeploymentCreatedReport
    | DeploymentStartedReport
    | DeploymentScaledReport
    | DeploymentStoppedReport
    | DeploymentSucceededReport
    | DeploymentFailedReport
)
AnyReport = (
    RequestCompletedReport
    | RequestCorrectedReport
    | RequestVoidedReport
    | DeploymentReport
    | PriceSetReport
    | GpuPriceSetReport
    | RatingRenewedReport
)
