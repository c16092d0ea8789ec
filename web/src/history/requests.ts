// The list of requests: page after page, as far as somebody looks.
import { signal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { again, ask, type Asked, fresh, told, UNASKED, type Unasked, useTries } from "../ask";
import type { HistoryOrderField, ListedFragment } from "../gql/graphql";
import { useOften } from "../live";
import { choices } from "../place";
import { asked, now, range, zone } from "../time";
import { type Fields, order } from "../ui/sorted";
import { filter } from "./filters";
import { COUNT, NEWEST, PAGE } from "./questions";

const SIZE = 100;
export const MAX_NEWER = SIZE; // newer requests that are counted
export const FIELDS = ["TIMESTAMP", "LATENCY", "TIME_TO_FIRST_TOKEN", "TOTAL_TOKENS", "FEE"] as const satisfies Fields<HistoryOrderField>;

/** What has been read of the list. */
export interface List {
  readonly pages: readonly (readonly ListedFragment[])[];
  readonly currency: string;
  readonly next: string | null; // the cursor that the list goes on after
  readonly range: ReturnType<typeof asked>;
}

const anew = signal(0);

/** Read the list from its beginning, up to this moment. */
export function startAnew(): void {
  now.value = Date.now();
  anew.value++;
}

const variables = () => ({ account: choices.value.account ?? null, filter: filter.value, order: order(FIELDS), first: SIZE });

/** The list, as it is filtered and ordered. It stays as it was read while time goes on: nothing moves under a reader's eyes. */
export function useRequests() {
  const list = useSignal<Asked<List>>(UNASKED);
  const read = useRef<string | null>(null); // the question that the list is of
  const { tries, miss } = useTries();
  const goOn = useTries(); // of what comes after the list
  const further = useSignal<{ readonly loading: boolean; readonly error: Unasked | null }>({ loading: false, error: null });
  const newer = useSignal(0); // requests that have come since
  const total = useSignal<string | number | null | undefined>(undefined); // null past a million, undefined while it is counted
  const key = useComputed(() => {
    const { from, to, range: preset } = choices.value;
    return JSON.stringify([variables(), from, to, preset, zone.value]); // days, months and hours begin elsewhere in another zone
  });

  useSignalEffect(() => {
    const text = key.value;
    again.value;
    tries.value;
    anew.value;
    const stop = new AbortController();
    const given = { ...untracked(variables), range: asked(range.peek()) };
    list.value = { ...list.peek(), loading: true };
    further.value = { loading: false, error: null };
    total.value = undefined;
    const { order: _, first: __, ...counted } = given;
    ask(COUNT, counted, stop.signal).then(
      ({ account }) => (total.value = account?.history.totalCount),
      () => undefined, // the list says what is wrong
    );
    ask(PAGE, { ...given, after: null }, stop.signal).then(
      ({ account }) => {
        const page = account?.history;
        read.current = text;
        list.value = { answer: { pages: [page?.nodes ?? []], currency: account?.currency ?? "USD", next: next(page), range: given.range }, error: null, loading: false, at: Date.now() };
        newer.value = 0;
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        miss(error);
        list.value = { ...list.peek(), error: told(error, read.current === text), loading: false };
      },
    );
    return () => stop.abort();
  });

  const looking = useRef<Promise<void> | undefined>(undefined); // one at a time
  const look = (stop?: AbortSignal) => (looking.current ??= count(stop)?.finally(() => (looking.current = undefined)));
  const count = (stop?: AbortSignal) => {
    const { answer, error, loading } = list.peek();
    const { order: current, ...given } = variables();
    if (!answer || error || loading) return; // the list is of something else than what is chosen
    if (current.field !== "TIMESTAMP" || current.direction !== "DESC") return;
    const { from, to } = asked(range.peek());
    return ask(NEWEST, { ...given, range: { from: answer.pages[0]?.[0]?.timestamp ?? from, to }, first: MAX_NEWER }, stop).then(
      ({ account }) => {
        if (list.peek().answer?.pages[0] !== answer.pages[0]) return; // another list has begun
        const listed = new Set(answer.pages.flat().map(({ id }) => id));
        newer.value = account?.history.nodes.filter(({ id }) => !listed.has(id)).length ?? 0;
      },
      () => undefined, // it is looked for again soon
    );
  };
  useSignalEffect(() => {
    fresh.value;
    untracked(() => void look());
  });
  useOften(look); // of requests to deployments nothing is told

  const more = async () => {
    const { answer, error, loading } = list.peek();
    if (!answer?.next || error || loading || further.peek().loading) return;
    further.value = { loading: true, error: null };
    try {
      const { account } = await ask(PAGE, { ...variables(), range: answer.range, after: answer.next });
      if (list.peek().answer !== answer) return; // another list has begun
      list.value = { ...list.peek(), answer: { ...answer, pages: [...answer.pages, account?.history.nodes ?? []], next: next(account?.history) } };
      further.value = { loading: false, error: null };
    } catch (error) {
      if (list.peek().answer !== answer) return;
      goOn.miss(error);
      further.value = { loading: false, error: error as Unasked };
    }
  };
  useSignalEffect(() => {
    if (goOn.tries.value) void untracked(more);
  });
  return { list, total, further, newer, more };
}

function next(page: { pageInfo: { hasNextPage: boolean; endCursor?: string | null } } | undefined): string | null {
  return page?.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
}
