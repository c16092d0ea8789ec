"""Prices, and the wish to rate again, become events of the domain."""

from domain.price_events import PLATFORM, GpuPriceSet, PriceSet, RatingRenewed
from ingest.checks import LATEST, instant, unit_price
from ingest.outcomes import UnacceptableError
from ingest.reports import GpuPriceSetReport, PriceSetReport, RatingRenewedReport


def price_set(report: PriceSetReport, occurred_at: int, original: bytes | None) -> PriceSet:
    """The price of a unit. Raises UnacceptableError."""
    _of_no_account(report)
    data = report.data
    return PriceSet(
        PLATFORM,
        report.source,
        report.id,
        occurred_at,
        model=data.model,
        direction=data.direction,
        category=data.category,
        unit=data.unit,
        unit_price=unit_price(data.unit_price),
        effective_from=instant(data.effective_from, LATEST, "data.effective_from"),
        provider=data.provider or None,
        above_prompt_tokens=data.above_prompt_tokens,
        service_tier=data.service_tier or None,
        sheet=data.sheet or None,
        original=original,
    )


def gpu_price_set(report: GpuPriceSetReport, occurred_at: int, original: bytes | None) -> GpuPriceSet:
    """The price of a GPU hour. Raises UnacceptableError."""
    _of_no_account(report)
    data = report.data
    effective_from = instant(data.effective_from, LATEST, "data.effective_from")
    named = (PLATFORM, report.source, report.id, occurred_at)
    return GpuPriceSet(*named, data.gpu_type, unit_price(data.unit_price), effective_from, original)


def rating_renewed(report: RatingRenewedReport, occurred_at: int, original: bytes | None) -> RatingRenewed:
    """The wish to rate again: of the account that is the subject, or of all. Raises UnacceptableError."""
    data = report.data
    start, end = (instant(text, LATEST, f"data.range.{name}") for name, text in (("from", data.range.start), ("to", data.range.end)))
    if start >= end:
        raise UnacceptableError("data.range", "is empty: `to` has to be after `from`")
    models = None if data.models is None else tuple(sorted(set(data.models)))
    named = (PLATFORM, report.source, report.id, occurred_at)
    return RatingRenewed(*named, start, end, data.reason, report.subject or None, models, original)


def _of_no_account(report: PriceSetReport | GpuPriceSetReport) -> None:
    if report.subject:
        raise UnacceptableError("subject", "must be absent: prices are the platform's, and hold for every account")
