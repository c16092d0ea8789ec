// Figures for people: short where they are looked at, exact where somebody wants to know.

const GROUPED = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 20 });
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const ROUGHLY = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const PLACES = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const UNKNOWN = "–";

/** What is shown, and what it is exactly. */
export interface Figure {
  readonly shown: string;
  readonly exact: string;
}

const unknown: Figure = { shown: UNKNOWN, exact: "not known" };

/** A count of any size: from the digits, for a number of JavaScript holds 15 of them. */
export function count(digits: string | number | null | undefined): Figure {
  if (digits === null || digits === undefined) return unknown;
  const exact = GROUPED.format(BigInt(typeof digits === "number" ? Math.round(digits) : digits)); // axes have halves
  return { shown: exact.length > 7 ? SHORT.format(Number(digits)) : exact, exact };
}

/** An amount in a currency, from decimal digits: two places, four where it is little, and all of them exactly. A column has as many in every row. */
export function money(amount: string | number | null | undefined, currency: string, inColumn?: number): Figure {
  if (amount === null || amount === undefined) return { shown: UNKNOWN, exact: "no price is known" };
  const value = Number(amount);
  const places = inColumn ?? (value !== 0 && Math.abs(value) < 1 ? 4 : 2);
  const shown = new Intl.NumberFormat("en-GB", { style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: places, maximumFractionDigits: places });
  const least = 10 ** -places;
  return { shown: value > 0 && value < least ? `< ${shown.format(least)}` : shown.format(value), exact: `${amount} ${currency}` };
}

/** Whether there is none: counts come as numbers where JavaScript holds them exactly, else as digits. */
export function none(digits: string | number): boolean {
  return BigInt(digits) === 0n;
}

/** An amount in decimal digits, such as hours: two places where it is not whole, and all of them exactly. */
export function decimal(digits: string | number | null | undefined, unit: string): Figure {
  if (digits === null || digits === undefined) return unknown;
  const value = Number(digits);
  const shown = value >= 100_000 ? SHORT.format(value) : value > 0 && value < 0.01 ? "< 0.01" : (Number.isInteger(value) ? GROUPED : PLACES).format(value);
  return { shown, exact: `${digits} ${unit}` };
}

/** Milliseconds, in the unit that fits. */
export function milliseconds(value: number | null | undefined): Figure {
  if (value === null || value === undefined) return unknown;
  return { shown: duration(value / 1000).shown, exact: `${value} ms` };
}

/** Seconds, in the unit that fits. */
export function duration(seconds: number | null | undefined): Figure {
  if (seconds === null || seconds === undefined) return unknown;
  const shown = seconds < 0.01 ? `${ROUGHLY.format(seconds * 1000)} ms` : seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds < 100 ? seconds.toPrecision(3) : GROUPED.format(Math.round(seconds))} s`;
  return { shown, exact: `${seconds} s` };
}

/** Percent, of 100. */
export function percent(value: number | null | undefined): Figure {
  if (value === null || value === undefined) return unknown;
  return { shown: `${ROUGHLY.format(value)} %`, exact: `${value} %` };
}

/** Requests a second, or in the time in which there is one. */
export function rate(value: number | null | undefined): Figure {
  if (value === null || value === undefined) return unknown;
  const [times, unit] = value >= 1 || value === 0 ? [1, "s"] : value * 60 >= 1 ? [60, "min"] : [3600, "h"];
  const within = value * times;
  return { shown: `${within > 0 && within < 0.01 ? "< 0.01" : ROUGHLY.format(within)}/${unit}`, exact: `${value} requests/s` };
}

/** How a figure has changed since the period before. */
export function change(value: number | null, before: number | null): Figure | null {
  if (value === null || before === null || !Number.isFinite(value) || !Number.isFinite(before)) return null;
  if (before === 0) return value === 0 ? null : { shown: "new", exact: "new" };
  const share = (value - before) / before;
  const percents = Math.round(share * 1000) / 10;
  return { shown: `${percents === 0 ? "±" : share < 0 ? "−" : "+"}${ROUGHLY.format(Math.abs(percents))} %`, exact: `${share * 100} %` };
}
