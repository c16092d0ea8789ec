import { computed } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Figure } from "../figures";
import { chosen } from "../place";

/** Whether every figure is written exactly. */
export const precise = computed(() => chosen("figures", ["short", "exact"]) === "exact");

/** A figure, with the exact one for whoever points at it. In tables and legends, where nobody wants a stop at each of hundreds, `precise` is for those who cannot. */
export function Value({ figure }: { figure: Figure }) {
  if (figure.shown === figure.exact) return <>{figure.shown}</>;
  return (
    <span class="value" title={figure.exact}>
      {precise.value ? figure.exact : figure.shown}
    </span>
  );
}

/** A figure that stands alone: pressed, by whatever means, it says what it is exactly. */
export function OpenValue({ figure }: { figure: Figure }) {
  const id = useId();
  if (precise.value || figure.shown === figure.exact) return <Value figure={figure} />;
  return (
    <>
      <button type="button" class="value" title={figure.exact} popovertarget={id}>
        {figure.shown}
      </button>
      <span id={id} class="exact" popover="auto">
        {figure.exact}
      </span>
    </>
  );
}
