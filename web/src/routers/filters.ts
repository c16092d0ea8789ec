// What the section of routers is narrowed to.
import { computed } from "@preact/signals";
import type { RouterFilter } from "../gql/graphql";
import { keyName } from "../keys";
import { choose, chosenList } from "../place";
import type { Narrowing } from "../ui/narrowed";

export const NAMES = { models: "model", providers: "provider", apiKeys: "API key" } as const;
export type Narrowed = keyof typeof NAMES;

export const filter = computed<RouterFilter | null>(() => {
  const lists = (Object.keys(NAMES) as Narrowed[]).map((name) => [name, chosenList(name)] as const).filter(([, list]) => list !== null);
  return lists.length ? Object.fromEntries(lists) : null;
});

/** Show only what has this model, provider or key. */
export function narrow(name: Narrowed, value: string): void {
  choose({ [name]: JSON.stringify([value]), after: null });
}

export function narrowings(): Narrowing[] {
  const lists = Object.entries(filter.value ?? {}) as [Narrowed, (string | null)[]][];
  return lists.flatMap(([name, values]) => {
    const widen = (rest: (string | null)[]) => () => choose({ [name]: rest.length ? JSON.stringify(rest) : null, after: null });
    if (values.length === 0) return [{ name: NAMES[name], value: "none of them", widen: widen([]) }];
    return values.map((value) => ({ name: NAMES[name], ...told(name, value), widen: widen(values.filter((other) => other !== value)) }));
  });
}

function told(name: Narrowed, value: string | null): Pick<Narrowing, "value" | "id"> {
  if (value === null) return { value: "none" };
  const known = name === "apiKeys" ? keyName(value) : null;
  return known === null ? { value } : { value: known, id: value };
}
