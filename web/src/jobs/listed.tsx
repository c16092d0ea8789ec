import type { ComponentChildren } from "preact";
import { Shown } from "../ui/states";
import { type Jobs, PAGE } from "./list";

interface Props<Some> {
  jobs: Jobs<Some>;
  name: string;
  failure: string | null;
  empty: ComponentChildren;
  children: (jobs: readonly Some[]) => ComponentChildren;
}

/** A list of jobs, and the way to older ones. */
export function Listed<Some>({ jobs, name, failure, empty, children }: Props<Some>) {
  const { loading, error } = jobs.further.value;
  return (
    <section class="panel" aria-label={name}>
      <h2>{name}</h2>
      {failure && (
        <p class="failed" role="alert">
          {failure}
        </p>
      )}
      <Shown asked={jobs.asked.value} empty={(found) => (found.length ? null : empty)}>
        {children}
      </Shown>
      {error && (
        <p class="failed" role="alert">
          {error.message}
        </p>
      )}
      {jobs.hasMore.value && (
        <div class="pages">
          <button type="button" disabled={loading} onClick={() => void jobs.more()}>
            {loading ? "Loading…" : `Show ${PAGE} more`}
          </button>
        </div>
      )}
    </section>
  );
}
