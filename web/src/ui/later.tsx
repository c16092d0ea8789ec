import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Skeleton } from "./states";

/** A part of the dashboard that is loaded when it is first shown, or before, by its `begin`. */
export function later(load: () => Promise<ComponentType>): ComponentType & { readonly begin: () => void } {
  const found = signal<{ readonly Part: ComponentType } | null>(null);
  const missed = signal(false);
  const begin = () => {
    if (found.peek()) return;
    load().then(
      (Part) => (found.value = { Part }),
      () => (missed.value = true),
    );
  };
  function Later() {
    useEffect(begin, []);
    if (found.value) return <found.value.Part />;
    if (!missed.value) return <Skeleton />;
    return (
      <div class="failure" role="alert">
        <p>This part of the dashboard could not be loaded. A reload helps where Tallygraph has been updated, or the network is back.</p>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    );
  }
  return Object.assign(Later, { begin });
}
