import { computed } from "@preact/signals";
import { interrupted } from "../follow";
import { live } from "../live";
import { answeredAt, unreachable } from "../reach";
import { clocked } from "../time";

/** Whether what is shown may be of before, since nothing new reaches us. */
export const outdated = computed(() => unreachable.value || interrupted.value);

/** Says so, calmly: it is tried again, and nobody has to do anything. */
export function Connection() {
  const at = answeredAt.value;
  return (
    <p class="connection" role="status">
      {outdated.value && (
        <>
          {live.value ? "Live updates interrupted" : "Connection interrupted"}, reconnecting…
          {at !== null && ` Figures are as of ${clocked(at)}.`}
        </>
      )}
    </p>
  );
}
