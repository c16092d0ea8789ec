// Ranges of time, in the zone that a person reads them in.
import { computed, signal } from "@preact/signals";
import { DAY, daysBefore, firstAt, HOUR, hourAfter, MINUTE, offset, startOfDay, startOfMonth, type Width } from "./calendar";
import { choices, choose, chosen } from "./place";
import { named } from "./zones";

export const PRESETS = ["31d", "7d", "24h", "today", "month", "last-month"] as const;
export type Preset = (typeof PRESETS)[number];
export const PRESET_NAMES: Record<Preset, string> = {
  "24h": "24 hours",
  "7d": "7 days",
  "31d": "31 days",
  today: "Today",
  month: "This month",
  "last-month": "Last month",
};

/** [from, to), milliseconds since 1970. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The instant that ranges end with. It moves on when figures are asked for again. */
export const now = signal(Date.now());

/** The zone that times are read in. It is in the address by its name, so that whoever is sent it reads the same. */
export const zone = computed(() => named(choices.value.zone ?? "UTC") ?? "UTC");

export const preset = computed<Preset | null>(() => (custom(choices.value.from, choices.value.to) ? null : chosen("range", PRESETS)));

const bounds = computed(() => JSON.stringify(custom(choices.value.from, choices.value.to) ?? ofPreset(chosen("range", PRESETS), now.value, zone.value)));

/** The same object as long as it is the same range, whatever the clock says. */
export const range = computed<Range>(() => JSON.parse(bounds.value) as Range);

/** What the range is compared with: the day or month before, where it is a whole one, or else what is as long, and just before; as far as the range has come. */
export const previous = computed<Range>(() => {
  const { from, to } = range.value;
  const begins = [startOfDay, startOfMonth].find((of) => of(from, zone.value, 0) === from && of(from, zone.value, 1) === to);
  const earlier = begins ? begins(from, zone.value, -1) : from;
  const before = earlier < from ? earlier : 2 * from - to; // some zone has left out a day
  const reached = hourAfter(now.value, zone.value);
  return { from: before, to: from < reached && reached < to ? Math.min(from, before + reached - from) : from };
});

/** A bucket of a range, without what the range cuts off: an end that is not reached yet cuts off nothing. */
export function cut({ from, to }: Range, { from: first, to: last }: Range): Range {
  return { from: Math.max(from, first), to: last <= now.value ? Math.min(to, last) : to };
}

/** Look at this range, and no other. */
export function chooseRange({ from, to }: Range): void {
  choose({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), range: null, after: null });
}

function custom(from: string | undefined, to: string | undefined): Range | null {
  const found = { from: Date.parse(from ?? ""), to: Date.parse(to ?? "") };
  return found.from < found.to ? found : null;
}

function ofPreset(name: Preset, until: number, zone: string): Range {
  const hour = hourAfter(until, zone); // whole hours: the same question for an hour, and whole buckets
  switch (name) {
    case "24h":
      return { from: hour - DAY, to: hour };
    case "7d":
      return { from: daysBefore(hour, 7, zone), to: hour };
    case "31d":
      return { from: daysBefore(hour, 31, zone), to: hour };
    case "today":
      return { from: startOfDay(until, zone, 0), to: startOfDay(until, zone, 1) };
    case "month":
      return { from: startOfMonth(until, zone, 0), to: startOfMonth(until, zone, 1) };
    case "last-month":
      return { from: startOfMonth(until, zone, -1), to: startOfMonth(until, zone, 0) };
  }
}

/** The width of the bars that a range is drawn in: some dozens of them. */
export function widthOf({ from, to }: Range): Width {
  const length = to - from;
  if (length <= 12 * HOUR) return "QUARTER_HOUR";
  if (length <= 3 * DAY) return "HOUR";
  if (length <= 92 * DAY) return "DAY";
  return length <= 731 * DAY ? "WEEK" : "MONTH";
}

/** Why a bucket that ends at `end` is not whole: its time has not ended, or the range cuts it. */
export function partly(end: number): string {
  return end > now.value ? "unfinished" : "in part";
}

/** What the clock of the zone shows at an instant, to the minute, as fields for times take it. */
export function shownAt(instant: number): string {
  const clock = Math.floor((instant + offset(instant, zone.value)) / MINUTE) * MINUTE;
  return new Date(clock).toISOString().slice(0, 16);
}

/** When the clock of the zone shows that: the first time where it does so twice. NaN where no clock does. */
export function instantOf(shown: string): number {
  const clock = Date.parse(`${shown}Z`);
  return Number.isNaN(clock) ? clock : firstAt(clock, zone.value);
}

/** As the API takes it. */
export function asked({ from, to }: Range): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(kind: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${kind} ${zone.value}`;
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone.value })));
  return found;
}

const DATE: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** A point in time, as precise as its bucket is wide. */
export function written(instant: number, width: Width = "HOUR"): string {
  if (width === "MONTH") return format("month", { month: "short", year: "numeric" }).format(instant);
  if (width === "WEEK") return format("week", { ...DATE, year: "numeric" }).format(instant); // there are many: of which year each is, has to be told
  if (width === "DAY") return format("day", DATE).format(instant);
  return format("hour", { ...DATE, ...CLOCK }).format(instant);
}

/** A point in time, to the second. */
export function clocked(instant: number): string {
  return format("second", { ...DATE, ...CLOCK, second: "2-digit" }).format(instant);
}

/** A point in time, to the minute, with the year. */
export function dated(instant: number): string {
  return format("minute", { ...DATE, ...CLOCK, year: "numeric" }).format(instant);
}

/** To the second, with the year and the zone: for the tooltip. */
export function exactly(instant: number): string {
  return format("exact", { ...DATE, ...CLOCK, year: "numeric", second: "2-digit", timeZoneName: "short" }).format(instant);
}
