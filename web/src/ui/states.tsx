import type { ComponentChildren } from "preact";
import { again, type Asked } from "../ask";
import { clocked } from "../time";

/** What is shown while there is no answer, or none that is new, or nothing in it. */
export function Shown<Answer>({
  asked,
  empty,
  children,
}: {
  asked: Asked<Answer>;
  empty?: ((answer: Answer) => ComponentChildren) | undefined;
  children: (answer: Answer) => ComponentChildren;
}) {
  const { answer, error, loading, at } = asked;
  const nothing = answer === null ? null : empty?.(answer);
  return (
    <div class={loading && answer ? "stale" : ""} aria-busy={loading}>
      {error && <Failure message={error.message} of={at} />}
      {answer === null ? !error && <Skeleton /> : (nothing ?? children(answer))}
    </div>
  );
}

/** What is wrong, and that what is shown beside it, if something is, is `of` an earlier moment. */
export function Failure({ message, of = null }: { message: string; of?: number | null }) {
  return (
    <div class="failure" role="alert">
      <p>
        {message}
        {of !== null && ` What is shown below is from before, as of ${clocked(of)}.`}
      </p>
      <button type="button" onClick={() => again.value++}>
        Try again
      </button>
    </div>
  );
}

export function Skeleton() {
  return (
    <div class="skeletons" role="status">
      <span class="hidden">Loading</span>
      <span class="skeleton" />
      <span class="skeleton" />
      <span class="skeleton" />
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}
