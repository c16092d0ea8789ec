import type { ComponentChildren } from "preact";
import { Shown } from "../ui/states";
import { type Jobs, PAGE } from "./list";

interface Props<Some> {
  jobs: Jobs<Some>;
  name: string;
  failure: string | null;
  empty: ComponentChildren;
  heads: ComponentChildren;
  children: (job: Some) => ComponentChildren; // a row
}

/** A table of jobs, and the way to older ones. */
export function Listed<Some>({ jobs, name, failure, empty, heads, children }: Props<Some>) {
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
        {(found) => (
          <div class="scroll" tabIndex={0} role="group" aria-label={`Rows of ${name.toLowerCase()}`}>
            <table class="stacked">
              <thead>
                <tr>{heads}</tr>
              </thead>
              <tbody>{found.map(children)}</tbody>
            </table>
          </div>
        )}
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
