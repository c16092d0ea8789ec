// Where a person is: a section, and what they chose there. All of it is in the address, so that it can be sent to somebody else.
import { computed, signal } from "@preact/signals";

export const SECTIONS = ["routers", "deployments", "history", "bill", "jobs"] as const;
export type Section = (typeof SECTIONS)[number];

/** What was chosen, by name; what is not there is as it is by default. */
export type Choices = Readonly<Record<string, string>>;

interface Place {
  readonly section: Section;
  readonly choices: Choices;
}

const SHARED = ["account", "range", "from", "to", "zone", "figures", "live"]; // kept from one section to another
const ALIKE: readonly Section[] = ["routers", "history"]; // these have filters in common, which are kept between them
const FILTERS = ["models", "providers", "apiKeys"];

function read(): Place {
  const named = location.pathname.slice(1) as Section;
  return {
    section: SECTIONS.includes(named) ? named : "routers",
    choices: Object.fromEntries(new URLSearchParams(location.search)),
  };
}

const place = signal(read());
addEventListener("popstate", () => {
  place.value = read();
});

export const section = computed(() => place.value.section);
export const choices = computed(() => place.value.choices);

/** The address of a section, with what is chosen everywhere or means the same there, and `more` of its own. */
export function address(to: Section, more: Choices = {}): string {
  const from = place.value.section;
  const names = from !== to && ALIKE.includes(from) && ALIKE.includes(to) ? [...SHARED, ...FILTERS] : SHARED;
  const kept = Object.entries(place.value.choices).filter(([name]) => names.includes(name));
  const query = new URLSearchParams({ ...Object.fromEntries(kept), ...more }).toString();
  return `/${to}${query && `?${query}`}`;
}

/** Go to an address of ours. */
export function go(to: string, { replaces = false } = {}): void {
  if (replaces) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  place.value = read();
}

export type Changes = Readonly<Record<string, string | null>>;

/** The address of where we are, with something else chosen; null takes a choice back. */
export function here(changes: Changes): string {
  const query = new URLSearchParams(place.value.choices);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return `/${place.value.section}${text && `?${text}`}`;
}

/** Choose something where we are. */
export function choose(changes: Changes): void {
  go(here(changes));
}

/** The same, where nobody has chosen: the way back leads past it. */
export function assume(changes: Changes): void {
  go(here(changes), { replaces: true });
}

/** One of `allowed`, as chosen under `name`; the first of them where nothing that we know is. */
export function chosen<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
  const value = choices.value[name] as T;
  return allowed.includes(value) ? value : allowed[0];
}

/** A list that was chosen, such as of models: each value as it is, whatever characters are in it, and null for what has none. */
export function chosenList(name: string): (string | null)[] | null {
  try {
    const value: unknown = JSON.parse(choices.value[name] ?? "null");
    return Array.isArray(value) && value.every((each) => typeof each === "string" || each === null) ? value : null;
  } catch {
    return null;
  }
}
