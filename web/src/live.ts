// Figures that follow what happens: while somebody looks at a range that goes on, it is asked for again and again.
import { batch, computed, effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fresh } from "./ask";
import { chosen } from "./place";
import { probe } from "./probe";
import { pause, unreachable } from "./reach";
import { now, range } from "./time";

const PERIOD = 30_000; // milliseconds
const OFTEN = 5_000; // where what changes is not told, and a small question finds it out

export const live = computed(() => chosen("live", ["on", "off"]) === "on");

/** Look for what is new now. */
export function lookAgain(): void {
  batch(() => {
    now.value = Date.now();
    fresh.value++;
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
          if (!stopped && (await probe())) lookAgain();
        }
      })();
      return () => {
        stopped = true;
      };
    }), []);
}

/** Does something every few seconds, while somebody looks and wants to see what happens. */
export function useOften(act: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (live.peek() && !document.hidden) act();
    }, OFTEN);
    return () => clearInterval(timer);
  }, []);
}

/** Looks for something new every PERIOD, and at once where the page was not looked at for longer. */
export function useLive(): void {
  useEffect(() => {
    const look = () => {
      const late = Date.now() - now.peek() >= PERIOD;
      if (live.peek() && late && !document.hidden && range.peek().to > now.peek()) lookAgain();
    };
    const timer = setInterval(look, PERIOD / 10);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
}
