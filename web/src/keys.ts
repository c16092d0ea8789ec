// What API keys are called. Filters and addresses have their ids, which stay when a name changes.
import { signal, useComputed, useSignalEffect } from "@preact/signals";
import { ask } from "./ask";
import { graphql } from "./gql";
import { choices, chosenList } from "./place";
import { asked, range } from "./time";

const NAMES = graphql(`
  query KeyNames($account: ID, $range: TimeRange!, $ids: [ID]!) {
    account(id: $account) {
      id
      routerUsage(range: $range, filter: { apiKeys: $ids }) {
        buckets(interval: null, groupBy: [API_KEY], first: 1000) {
          nodes {
            apiKey {
              id
              name
            }
          }
        }
      }
    }
  }
`);

const names = signal<ReadonlyMap<string, string>>(new Map());
const keyOf = (id: string) => JSON.stringify([choices.value.account, id]);

/** The name of a key; null where none is known but its id. */
export function keyName(id: string): string | null {
  const name = names.value.get(keyOf(id));
  return name === undefined || name === id ? null : name;
}

/** Has the names of the keys that are chosen found, as they were used in the time that is shown. */
export function useKeyNames(): void {
  const wanted = useComputed(() => {
    const ids = (chosenList("apiKeys") ?? []).filter((id) => id !== null && !names.value.has(keyOf(id)));
    return JSON.stringify({ ids, account: choices.value.account ?? null, range: asked(range.value) });
  });
  useSignalEffect(() => {
    const { ids, account, range } = JSON.parse(wanted.value) as { ids: string[]; account: string | null; range: { from: string; to: string } };
    if (ids.length === 0) return;
    const stop = new AbortController();
    ask(NAMES, { account, range, ids }, stop.signal).then(
      (answer) => {
        const found = answer.account?.routerUsage.buckets.nodes.flatMap(({ apiKey }) => (apiKey ? [[keyOf(apiKey.id), apiKey.name] as const] : [])) ?? [];
        if (found.length) names.value = new Map([...names.peek(), ...found]);
      },
      () => undefined, // the figures say what is wrong; ids are shown meanwhile
    );
    return () => stop.abort();
  });
}
