// Where buckets begin and end by the clock and the calendar of a zone, as the API has them (domain/calendar.py).

const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const QUARTER = 15 * MINUTE;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export type Width = "QUARTER_HOUR" | "HOUR" | "DAY" | "WEEK" | "MONTH";

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  let found = clocks.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", era: "short", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
    clocks.set(zone, found);
  }
  return found;
}

/** How far the zone is ahead of UTC at an instant, in milliseconds. */
export function offset(instant: number, zone: string): number {
  if (zone === "UTC") return 0;
  const parts = Object.fromEntries(clockOf(zone).formatToParts(instant).map(({ type, value }) => [type, value]));
  const part = (type: string) => Number(parts[type]);
  const year = parts.era === "BC" ? 1 - part("year") : part("year");
  const local = new Date(0).setUTCFullYear(year, part("month") - 1, part("day")) + part("hour") * HOUR + part("minute") * MINUTE + part("second") * SECOND;
  return local - Math.floor(instant / SECOND) * SECOND;
}

/** The first instant at which the clock of the zone shows what that of UTC shows at `clock`, or goes past it where it jumps over that. */
export function firstAt(clock: number, zone: string): number {
  const [before, after] = [clock - offset(clock - DAY, zone), clock - offset(clock + DAY, zone)];
  const shows = [Math.min(before, after), Math.max(before, after)].find((instant) => instant + offset(instant, zone) === clock);
  if (shows !== undefined) return shows;
  let [early, late] = [Math.min(before, after) - DAY, Math.max(before, after) + DAY];
  while (late - early > SECOND) {
    const middle = early + Math.floor((late - early) / 2 / SECOND) * SECOND;
    if (middle + offset(middle, zone) >= clock) late = middle;
    else early = middle;
  }
  return late;
}

/** Where the bucket begins that an instant is in. Weeks begin on Monday. */
export function startOf(instant: number, width: Width, zone: string): number {
  const quarter = Math.floor(instant / QUARTER) * QUARTER; // offsets have been whole quarter-hours since before 2000
  if (width === "QUARTER_HOUR") return quarter;
  if (width === "HOUR") return hourBy(quarter, -QUARTER, zone);
  return begins(instant, width, 0, zone);
}

/** Where the bucket ends that begins at `start`. */
export function endOf(start: number, width: Width, zone: string): number {
  if (width === "QUARTER_HOUR") return start + QUARTER;
  if (width === "HOUR") return hourBy(start + QUARTER, QUARTER, zone);
  const next = begins(start, width, 1, zone);
  return next > start ? next : begins(start, width, 2, zone); // some zone has left out a day
}

/** Starts of the buckets that [from, to) touches. */
export function startsIn({ from, to }: { readonly from: number; readonly to: number }, width: Width, zone: string): number[] {
  const starts: number[] = [];
  for (let start = startOf(from, width, zone); start < to; start = endOf(start, width, zone)) starts.push(start);
  return starts;
}

/** When the clock of the zone showed the same, so many days ago. */
export function daysBefore(instant: number, days: number, zone: string): number {
  return firstAt(instant + offset(instant, zone) - days * DAY, zone);
}

/** The next whole hour of the zone's clock: now, where it strikes. */
export function hourAfter(instant: number, zone: string): number {
  const start = startOf(instant, "HOUR", zone);
  return start === instant ? start : endOf(start, "HOUR", zone);
}

/** Which bucket of its width it is, counted by the clock of the zone: where labels are to be even. */
export function ordinal(start: number, width: Width, zone: string): number {
  const clock = start + offset(start, zone);
  if (width === "MONTH") return new Date(clock).getUTCFullYear() * 12 + new Date(clock).getUTCMonth();
  if (width === "QUARTER_HOUR") return Math.floor(clock / QUARTER);
  if (width === "HOUR") return Math.floor(clock / HOUR);
  const day = Math.floor(clock / DAY) + 3; // 1970 began on a Thursday
  return width === "WEEK" ? Math.floor(day / 7) : day;
}

/** The first instant of the day, week or month of `instant`, or of so many further on. */
function begins(instant: number, width: "DAY" | "WEEK" | "MONTH", further: number, zone: string): number {
  const local = new Date(instant + offset(instant, zone));
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  const first = { DAY: day + further, WEEK: day - ((local.getUTCDay() + 6) % 7) + 7 * further, MONTH: 1 }[width];
  return firstAt(new Date(0).setUTCFullYear(year, width === "MONTH" ? month + further : month, first), zone);
}

/** An hour begins where the minutes of the zone's clock are zero, or where it jumps by less than an hour. */
function hourBy(quarter: number, step: number, zone: string): number {
  let edge = quarter;
  for (let ahead = offset(edge, zone); ; ) {
    const before = offset(edge - QUARTER, zone);
    if ((edge + ahead) % HOUR === 0 || (ahead - before) % HOUR !== 0) return edge;
    edge += step;
    ahead = offset(edge, zone);
  }
}

/** The first instant of the month of `instant`, or of one before or after it. */
export function startOfMonth(instant: number, zone: string, further: number): number {
  return begins(instant, "MONTH", further, zone);
}

/** The first instant of the day of `instant`, or of one before or after it. */
export function startOfDay(instant: number, zone: string, further: number): number {
  return begins(instant, "DAY", further, zone);
}
