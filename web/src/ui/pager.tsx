import { choices, choose } from "../place";
import { asked, range } from "../time";

/** From page to page, forward by the cursor, and back to the first. A cursor is of one range, which must not go on with the clock then. */
export function Pager({ size, page }: { size: number; page: { hasNextPage: boolean; endCursor?: string | null } }) {
  if (!page.hasNextPage && !choices.value.after) return null; // all is on this one
  return (
    <nav class="pages" aria-label="Pages">
      <button type="button" disabled={!choices.value.after} onClick={() => choose({ after: null })}>
        First page
      </button>
      <button type="button" disabled={!page.hasNextPage} onClick={() => choose({ ...asked(range.value), range: null, after: page.endCursor ?? null })}>
        Next {size}
      </button>
    </nav>
  );
}
