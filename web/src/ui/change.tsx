import { change } from "../figures";

export interface Changed {
  value: number | null;
  before: number | null | undefined;
  moreIs: "good" | "bad" | "neither";
}

/** How a figure has changed since the period before. */
export function Change({ value, before = null, moreIs }: Changed) {
  const changed = change(value, before);
  if (!changed) return null;
  const tone = moreIs === "neither" || /^(new|±)/.test(changed.shown) ? "" : (value ?? 0) > (before ?? 0) === (moreIs === "good") ? "good" : "bad";
  return (
    <span class={`change ${tone}`} title={`${changed.exact} against the period before`}>
      {changed.shown}
    </span>
  );
}
