// Usage over time by group: those with the most are told apart, and the others are what is left of the total, exactly.
import { ask, Unasked } from "../ask";
import { DAY, endOf, startsIn, type Width } from "../calendar";
import { difference, sum } from "../exact";
import type { MeasuredFragment, NamedFragment, RouterDimension, RouterFilter, RouterOrderField } from "../gql/graphql";
import { asked, now, type Range, widthOf } from "../time";
import type { Bars, Group } from "../ui/bars";
import { GROUPS, OVER_TIME } from "./questions";

const TOP = 7; // groups that are told apart; the rest is Other
const PAGE = 1000; // as many buckets as one question brings
const MAX_YEARS = 100; // of a range that is drawn, in 1,200 bars

export type Measure = "totalTokens" | "requests" | "totalFee";
export type By = "model" | "key" | "provider";

const ORDERS: Record<Measure, RouterOrderField> = { totalTokens: "TOTAL_TOKENS", requests: "REQUESTS", totalFee: "TOTAL_FEE" };
const DIMENSIONS: Record<By, RouterDimension> = { model: "MODEL", key: "API_KEY", provider: "PROVIDER" };
const LISTS = { model: "models", key: "apiKeys", provider: "providers" } as const satisfies Record<By, keyof RouterFilter>;
const UNKNOWN: Record<By, string> = { model: "unknown", key: "without a key", provider: "unknown provider" };

export interface Wanted {
  readonly account: string | null;
  readonly range: Range;
  readonly filter: RouterFilter | null;
  readonly zone: string;
  readonly measure: Measure;
  readonly by: By;
}

interface One {
  readonly id: string | null; // as filters take it
  readonly name: string;
}

/** What is drawn. */
export interface Found {
  readonly wanted: Wanted;
  readonly width: Width;
  readonly bars: Bars | null; // null where nothing was used
}

/** Asks which groups have the most, and then for the buckets of these and of all: of both in one question, so that they are of one moment. */
export async function overTime(wanted: Wanted, stop: AbortSignal): Promise<Found> {
  const { account, range, filter, zone, measure, by } = wanted;
  if (range.to - range.from > MAX_YEARS * 366 * DAY) throw new Unasked(`More than ${MAX_YEARS} years cannot be drawn: choose a shorter range.`, "RANGE");
  const groupBy = [DIMENSIONS[by]];
  const most = await ask(GROUPS, { account, range: asked(range), filter, groupBy, order: { field: ORDERS[measure] }, first: TOP + 1 }, stop);
  const { totalCount = 0, nodes = [] } = most.account?.routerUsage.buckets ?? {};
  const top = (Number(totalCount) > TOP + 1 ? nodes.slice(0, TOP) : nodes).map((bucket) => oneOf(bucket, by));
  const width = widthOf(range);
  const starts = startsIn(range, width, zone);
  const [all, each]: [MeasuredFragment[], (MeasuredFragment & NamedFragment)[]] = [[], []];
  for (const part of parts(range, starts, Math.floor(PAGE / (TOP + 1)))) {
    const variables = { account, range: asked(part), filter, top: { ...filter, [LISTS[by]]: top.map(({ id }) => id) }, interval: width, zone, groupBy, first: PAGE };
    const found = await ask(OVER_TIME, variables, stop);
    all.push(...(found.account?.all.buckets.nodes ?? []));
    each.push(...(found.account?.top.buckets.nodes ?? []));
  }
  if (!all.length) return { wanted, width, bars: null };
  return { wanted, width, bars: barsOf({ wanted, width, starts, all, each, top, others: Number(totalCount) - top.length }) };
}

/** The range in parts of so many buckets at most. */
function* parts({ from, to }: Range, starts: readonly number[], size: number): Generator<Range> {
  for (let i = 0; i < starts.length; i += size) yield { from: i === 0 ? from : starts[i]!, to: starts[i + size] ?? to };
}

interface Read {
  readonly wanted: Wanted;
  readonly width: Width;
  readonly starts: readonly number[];
  readonly all: readonly MeasuredFragment[];
  readonly each: readonly (MeasuredFragment & NamedFragment)[];
  readonly top: readonly One[];
  readonly others: number;
}

/** Bars without anything are there, too, so that time is even. What is still to come is not known. */
function barsOf({ wanted: { range, zone, measure, by }, width, starts, all, each, top, others }: Read): Bars {
  const ends = starts.map((start, i) => starts[i + 1] ?? endOf(start, width, zone));
  const totals = inBars(all, starts);
  const begun = starts.map((start, i) => start <= now.value || totals[i]!.length > 0);
  const own = top.map(({ id }) => inBars(each.filter((bucket) => oneOf(bucket, by).id === id), starts));
  const groups: Group[] = top.map((one, i) => ({
    key: JSON.stringify(one.id),
    name: top.some((other) => other !== one && other.name === one.name) ? `${one.name} (${one.id ?? "none"})` : one.name,
    values: own[i]!.map((buckets, at) => (begun[at] ? sum(buckets.map((bucket) => digits(bucket, measure))) : null)),
  }));
  const rest = totals.map((total, at) => (begun[at] ? left(total, own.flatMap((bars) => bars[at]!), measure) : null));
  if (others > 0 || rest.some((value, at) => begun[at] && value !== "0")) groups.push({ key: "other", name: others > 0 ? `Other (${others})` : "Other", values: rest });
  const partial = starts.map((start, i) => start < range.from || ends[i]! > Math.min(range.to, now.value) || totals[i]!.some(({ partial }) => partial));
  return { range, times: starts, ends, partial, groups, adds: true };
}

/** The buckets of each bar: that which begins with it, or that which a browser that knows a zone otherwise than the service has in it. */
function inBars<Bucket extends MeasuredFragment>(buckets: readonly Bucket[], starts: readonly number[]): Bucket[][] {
  const bars = starts.map((): Bucket[] => []);
  const places = new Map(starts.map((start, i) => [start, i]));
  for (const bucket of buckets) {
    const time = Date.parse(bucket.time ?? "");
    bars[places.get(time) ?? Math.max(0, starts.findLastIndex((start) => start <= time))]!.push(bucket);
  }
  return bars;
}

/** What the others have of a bar. Their fee is not known where none of their requests has a price. */
function left(total: readonly MeasuredFragment[], top: readonly MeasuredFragment[], measure: Measure): string | null {
  const less = (name: Measure | "unpricedRequests") => {
    const [whole, part] = [total, top].map((buckets) => sum(buckets.map((bucket) => digits(bucket, name))) ?? "0") as [string, string];
    return difference(whole, part);
  };
  const requests = less("requests");
  if (measure === "totalFee" && requests !== "0" && requests === less("unpricedRequests")) return null;
  return less(measure);
}

function digits(bucket: MeasuredFragment, name: Measure | "unpricedRequests"): string | null {
  return bucket[name] === null ? null : String(bucket[name]);
}

function oneOf({ model, provider, apiKey }: NamedFragment, by: By): One {
  const id = { model, provider, key: apiKey?.id }[by] ?? null;
  return { id, name: (by === "key" ? apiKey?.name : id) ?? UNKNOWN[by] };
}
