// What history is narrowed to: a name for each filter in the address, and what the API is asked for.
import { computed } from "@preact/signals";
import type { Channel, HistoryFilter, Outcome, PriceDirection } from "../gql/graphql";
import { keyName } from "../keys";
import { choices, choose, chosenList } from "../place";
import type { Narrowing } from "../ui/narrowed";

interface Several {
  readonly name: string;
  readonly none?: string; // of what has none, where some have
}

/** Filters that take several values. */
export const LISTS = {
  models: { name: "Model" },
  modelVersions: { name: "Version", none: "no version" },
  requestTypes: { name: "Type", none: "no type" },
  providers: { name: "Provider", none: "unknown provider" },
  technologies: { name: "Technology", none: "no technology" },
  apiKeys: { name: "API key", none: "without a key" },
  deployments: { name: "Deployment", none: "no deployment" },
  statusCodes: { name: "Status code", none: "no status code" },
} as const satisfies Record<string, Several>;
export type List = keyof typeof LISTS;

/** Filters by a smallest and a largest number, both included. */
export const BOUNDS = {
  tokens: { name: "Tokens", unit: "" },
  inputTokens: { name: "Input tokens", unit: "" },
  outputTokens: { name: "Output tokens", unit: "" },
  timeToFirstToken: { name: "First token", unit: "ms" },
  latency: { name: "Latency", unit: "ms" },
  gatewayLatency: { name: "In the gateway", unit: "ms" },
  fee: { name: "Fee", unit: "" },
} as const;
export type Bound = keyof typeof BOUNDS;
const WHOLE: readonly Bound[] = ["tokens", "inputTokens", "outputTokens"];

export const TEXTS = { requestId: { name: "Request id" }, errorContains: { name: "Error" } } as const;
export type TextFilter = keyof typeof TEXTS;

export const OUTCOMES: Record<Outcome, string> = { SUCCESS: "Success", CLIENT_ERROR: "Client error", SERVER_ERROR: "Server error", UNKNOWN_ERROR: "Unknown error" };
export const CHANNELS: Record<Channel, string> = { ROUTER: "router", DEPLOYMENT: "deployment" };

const NUMBER = /^\d+(\.\d+)?$/;
const names = <Name extends string>(of: Record<Name, unknown>) => Object.keys(of) as Name[];

/** The bounds that are chosen, as digits; "" is open. */
export function bounds(name: Bound): readonly [min: string, max: string] {
  const [min = "", max = ""] = (choices.value[name] ?? "").split("~");
  const pattern = WHOLE.includes(name) ? /^\d+$/ : NUMBER;
  return [pattern.test(min) ? min : "", pattern.test(max) ? max : ""];
}

export function outcomes(): Outcome[] {
  return names(OUTCOMES).filter((outcome) => chosenList("outcomes")?.includes(outcome));
}

export const filter = computed<HistoryFilter | null>(() => {
  const found: Record<string, unknown> = {};
  for (const name of names(LISTS)) {
    const list = chosenList(name);
    if (list) found[name] = name === "statusCodes" ? list.map((code) => (/^\d+$/.test(code ?? "") ? Number(code) : code)) : list;
  }
  for (const name of names(BOUNDS)) {
    const [min, max] = bounds(name);
    const given = (digits: string) => (name === "fee" || WHOLE.includes(name) ? digits : Number(digits));
    if (min || max) found[name] = { ...(min && { min: given(min) }), ...(max && { max: given(max) }) };
  }
  for (const name of names(TEXTS)) if (choices.value[name]) found[name] = choices.value[name];
  const channel = choices.value.channel as Channel;
  if (CHANNELS[channel]) found.channel = channel;
  if (outcomes().length) found.outcomes = outcomes();
  if (choices.value.voided === "shown") found.includeVoided = true;
  const line = lineOf(chosenList("line"));
  if (line) found.line = line;
  return Object.keys(found).length ? (found as HistoryFilter) : null;
});

function lineOf(list: (string | null)[] | null) {
  const [direction, category, unit] = list ?? [];
  if ((direction !== "INPUT" && direction !== "OUTPUT") || !category || !unit) return null;
  return { direction: direction as PriceDirection, category, unit };
}

/** Show what has this value, too. */
export function add(name: List, value: string | null): void {
  const list = chosenList(name) ?? [];
  if (!list.includes(value)) choose({ [name]: JSON.stringify([...list, value]) });
}

function remove(name: List, value: string | null): void {
  const list = (chosenList(name) ?? []).filter((each) => each !== value);
  choose({ [name]: list.length ? JSON.stringify(list) : null });
}

export function toggle(outcome: Outcome): void {
  const list = outcomes();
  const turned = list.includes(outcome) ? list.filter((each) => each !== outcome) : [...list, outcome];
  choose({ outcomes: turned.length ? JSON.stringify(turned) : null });
}

export function bind(name: Bound, min: string, max: string): void {
  choose({ [name]: min || max ? `${min}~${max}` : null });
}

/** Show everything again. */
export function clear(): void {
  const all = [...names(LISTS), ...names(BOUNDS), ...names(TEXTS), "channel", "outcomes", "voided", "line"];
  choose(Object.fromEntries(all.map((name) => [name, null])));
}

/** Every filter that is set, each with a way back. */
export function narrowings(): Narrowing[] {
  const found: Narrowing[] = [];
  const one = (name: string, value: string, key: string) => found.push({ name, value, widen: () => choose({ [key]: null }) });
  for (const key of names(TEXTS)) if (choices.value[key]) one(TEXTS[key].name, choices.value[key], key);
  for (const key of names(LISTS)) {
    const { name, ...more }: Several = LISTS[key];
    const list = chosenList(key);
    if (list?.length === 0) one(name, "none of them", key);
    for (const value of list ?? []) {
      const known = key === "apiKeys" && value !== null ? keyName(value) : null;
      found.push({ name, value: known ?? value ?? more.none ?? "none", id: known === null ? undefined : value!, widen: () => remove(key, value) });
    }
  }
  for (const outcome of outcomes()) found.push({ name: "Outcome", value: OUTCOMES[outcome], widen: () => toggle(outcome) });
  for (const key of names(BOUNDS)) {
    const [min, max] = bounds(key);
    const { name, unit } = BOUNDS[key];
    if (min || max) one(name, `${min && `from ${min}`} ${max && `to ${max}`} ${unit}`.trim(), key);
  }
  const { channel, line, includeVoided } = filter.value ?? {};
  if (channel) one("Served by", CHANNELS[channel], "channel");
  if (line) one("With", `${line.direction.toLowerCase()} ${line.category}, by ${line.unit}`, "line");
  if (includeVoided) one("Voided", "shown", "voided");
  return found;
}
