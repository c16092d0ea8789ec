// Whether Tallygraph is reached, and what is done where it is not: it is tried again, and what is shown is said to be of before.
import { signal } from "@preact/signals";

const MAX_PAUSE_SECONDS = 10;

/** Whether the last question found nobody who answers. */
export const unreachable = signal(false);

/** Counts up when Tallygraph is reached again: what was asked before that may never be answered. */
export const regained = signal(0);

/** When the last answer came; null before there was one. */
export const answeredAt = signal<number | null>(null);

/** Waits before another try, longer after each; not any longer once somebody comes back to the page, or the network to the machine. */
export function pause(tries: number): Promise<void> {
  const most = Math.min(2 ** tries, MAX_PAUSE_SECONDS) * 1000;
  return new Promise((go) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      document.removeEventListener("visibilitychange", seen);
      go();
    };
    const seen = () => {
      if (!document.hidden) end();
    };
    const timer = setTimeout(end, most * (0.5 + Math.random() / 2)); // not all browsers at once
    addEventListener("online", end);
    document.addEventListener("visibilitychange", seen);
  });
}
