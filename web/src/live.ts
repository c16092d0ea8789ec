// Figures that follow what happens: while somebody looks at a range that goes on, it is asked for again and again.
import { batch, computed, effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fresh } from "./ask";
import { chosen } from "./place";
import { probe } from "./probe";
import { pause, regained, unreachable } from "./reach";
import { now, range } from "./time";

const PERIOD = 30_000; // milliseconds
const OFTEN = 5_000; // where what changes is not told, and a small question finds it out

export const live = computed(() => chosen("live", ["on", "off"]) === "on");

let unseen = false; // there is something new, and nobody has looked

/** Look for what is new now. */
export function lookAgain(): void {
  unseen = false;
  batch(() => {
    now.value = Date.now();
    fresh.value++;
  });
}

/** The same as soon as somebody sees it. */
export function lookWhenSeen(): void {
  if (document.hidden) unseen = true;
  else lookAgain();
}

/** Tallygraph is reached again: nothing that was asked before is waited for. */
export function catchUp(): void {
  batch(() => {
    regained.value++;
    lookAgain();
  });
}

/** Tries again while Tallygraph is not reached, and then looks for what is new; who had no answer asks again by themselves. */
export function useRetries(): void {
  useEffect(() =>
    effect(() => {
      if (!unreachable.value) return;
      let stopped = false;
      void (async () => {
        for (let tries = 0; !stopped; tries++) {
          await pause(tries);
          if (!stopped && (await probe())) catchUp();
        }
      })();
      return () => {
        stopped = true;
      };
    }), []);
}

/** Asks something every few seconds, while somebody looks and wants to see what happens; never twice at a time, however long it takes. */
export function useOften(act: (stop: AbortSignal) => Promise<unknown> | undefined): void {
  useEffect(() =>
    effect(() => {
      regained.value;
      const stop = new AbortController();
      let acting = false;
      const timer = setInterval(() => {
        if (acting || !live.peek() || document.hidden || unreachable.peek()) return;
        acting = true;
        const over = () => {
          acting = false;
        };
        Promise.resolve(act(stop.signal)).then(over, over); // what is wrong, others say
      }, OFTEN);
      return () => {
        clearInterval(timer);
        stop.abort();
      };
    }), []);
}

/** Looks for something new every PERIOD, and at once where the page was not looked at for longer, or something was told meanwhile. */
export function useLive(): void {
  useEffect(() => {
    const look = () => {
      const late = Date.now() - now.peek() >= PERIOD && range.peek().to > now.peek();
      if (live.peek() && (late || unseen) && !document.hidden) lookAgain();
    };
    const timer = setInterval(look, PERIOD / 10);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
}
