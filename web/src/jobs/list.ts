// The jobs of an account, page by page, newest first. Those that are under way are followed.
import { type ReadonlySignal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { again, type Asked, fresh, type Unasked, useAnswers, useTries } from "../ask";
import { crowded } from "../follow";
import { useOften } from "../live";
import { choices } from "../place";
import { isUnderWay } from "../under-way";

export const PAGE = 50;
const POLL_SECONDS = 5; // while more are under way than can be followed

interface Job {
  readonly id: string;
  readonly status: string;
  readonly createdAt: string;
}

interface Page<Some> {
  readonly nodes: readonly Some[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
}

/** What can be read of a kind of jobs. */
export interface Kind<Some extends Job> {
  readonly page: (account: string | null, after: string | null, stop?: AbortSignal) => Promise<Page<Some> | undefined>;
  readonly follow: (id: string, next: (job: Some) => void) => () => void;
}

export interface Jobs<Some> {
  readonly asked: ReadonlySignal<Asked<readonly Some[]>>;
  readonly further: ReadonlySignal<{ readonly loading: boolean; readonly error: Unasked | null }>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly more: () => Promise<void>;
}

/** Of the account that is chosen: a component of another one has another list. */
export function useJobs<Some extends Job>({ page, follow }: Kind<Some>): Jobs<Some> {
  const known = useSignal<ReadonlyMap<string, Some>>(new Map());
  const next = useSignal<string | null | undefined>(undefined); // the cursor that the list goes on after; null at its end
  const further = useSignal<{ readonly loading: boolean; readonly error: Unasked | null }>({ loading: false, error: null });
  const goOn = useTries(); // of older ones
  const account = choices.value.account ?? null;

  const learn = (jobs: readonly Some[]) => {
    const all = new Map(known.peek());
    for (const job of jobs) {
      const before = all.get(job.id);
      if (!before || isUnderWay(before) || !isUnderWay(job)) all.set(job.id, job); // what is over does not begin again: such an answer is late
    }
    known.value = all;
  };
  const newest = useAnswers(
    () => ({ account }),
    async (given, stop) => {
      const found = await page(given.account, null, stop);
      learn(found?.nodes ?? []);
      next.value = next.peek() === undefined ? after(found) : next.peek(); // later, what is new is above what we know
      return null;
    },
  );
  const more = async () => {
    if (!next.peek() || further.peek().loading) return;
    further.value = { loading: true, error: null };
    try {
      const found = await page(account, next.peek()!);
      learn(found?.nodes ?? []);
      next.value = after(found);
      further.value = { loading: false, error: null };
    } catch (error) {
      goOn.miss(error);
      further.value = { loading: false, error: error as Unasked };
    }
  };
  useSignalEffect(() => {
    if (goOn.tries.value) void untracked(more);
  });
  useFollowed(known, follow, (job) => learn([job]));
  // Of jobs that others ask for nobody is told.
  useOften((stop) => page(account, null, stop).then((found) => learn(found?.nodes ?? [])));

  const asked = useComputed(() => {
    const jobs = [...known.value.values()].sort((one, other) => Date.parse(other.createdAt) - Date.parse(one.createdAt));
    return { ...newest.value, answer: newest.value.at === null ? null : jobs };
  });
  return { asked, further, hasMore: useComputed(() => Boolean(next.value)), more };
}

/** Follows each that is under way until it is over, those that wait longest first: they are next. */
function useFollowed<Some extends Job>(known: ReadonlySignal<ReadonlyMap<string, Some>>, follow: Kind<Some>["follow"], learn: (job: Some) => void): void {
  const stops = useRef(new Map<string, () => void>());
  useSignalEffect(() => {
    const underWay = [...known.value.values()].filter(isUnderWay).sort((one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt));
    const ids = new Set(underWay.map(({ id }) => id));
    for (const [id, stop] of stops.current) {
      if (ids.has(id)) continue;
      stops.current.delete(id);
      stop();
    }
    for (const id of ids) if (!stops.current.has(id)) stops.current.set(id, follow(id, learn));
  });
  useEffect(() => () => stops.current.forEach((stop) => stop()), []);
}

/** Asks about those that cannot be followed yet. */
export function usePolling(): void {
  useSignalEffect(() => {
    if (!crowded.value) return;
    const timer = setInterval(() => {
      if (!document.hidden) fresh.value++;
    }, POLL_SECONDS * 1000);
    return () => clearInterval(timer);
  });
}

function after(page: Page<unknown> | undefined): string | null {
  return page?.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
}

/** Does something to jobs, and then looks at what has become of them. What was wrong, if something was, is in `failure`. */
export function useActing() {
  const failure = useSignal<string | null>(null);
  const act = async (doing: Promise<string | null>) => {
    failure.value = await doing.catch((error: Error) => error.message);
    again.value++;
  };
  return { failure, act };
}
