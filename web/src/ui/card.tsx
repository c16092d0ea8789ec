import type { Asked } from "../ask";
import type { Figure } from "../figures";
import { Change, type Changed } from "./change";
import { OpenValue } from "./value";

interface Props extends Partial<Changed> {
  name: string;
  figure: Figure | null; // null while nothing is known yet
}

/** One figure of a period, and how it has changed since the one before. */
export function Card({ name, figure, value = null, before = null, moreIs = "neither" }: Props) {
  return (
    <div class="card">
      <dt>{name}</dt>
      <dd>
        {figure ? <OpenValue figure={figure} /> : <span class="skeleton" />}
        <Change value={value} before={before} moreIs={moreIs} />
      </dd>
    </div>
  );
}

/** Of the cards' list: whether they are of a moment ago, or wait for nothing any more. */
export function cardsClass({ answer, error, loading }: Asked<unknown>): string {
  return `cards ${loading && answer ? "stale" : error && !answer ? "failed" : ""}`;
}
