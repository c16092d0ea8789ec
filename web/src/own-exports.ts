// Exports that were started in this tab: followed wherever somebody is, after a reload too, and each downloaded by itself once.
import { signal } from "@preact/signals";
import { followExport, saveExport } from "./exports";
import type { ExportStateFragment } from "./gql/graphql";
import { isUnderWay } from "./under-way";

const OWN = "tallygraph exports"; // ids of those that are not downloaded yet

export const followed = signal<readonly ExportStateFragment[]>([]);
export const failure = signal<string | null>(null);
const stops = new Map<string, () => void>();

/** Follow what was started before; until what is returned is called, with all that was started since. */
export function followOwn(): () => void {
  own().forEach(followOne);
  return () => {
    stops.forEach((stop) => stop());
    stops.clear();
  };
}

/** Follow what has just been started, until it is downloaded. */
export function keepFollowing(id: string): void {
  remember([...own(), id]);
  followOne(id);
}

/** Show it no more. */
export function putAway(id: string): void {
  followed.value = followed.value.filter((each) => each.id !== id);
}

/** What comes of it is said where it is not what was wanted. */
export function act(doing: Promise<string | null>): void {
  doing.then(
    (message) => (failure.value = message),
    (error: Error) => (failure.value = error.message),
  );
}

function followOne(id: string): void {
  const stop = followExport(
    id,
    (state) => {
      const known = followed.value.some((each) => each.id === id);
      followed.value = known ? followed.value.map((each) => (each.id === id ? state : each)) : [...followed.value, state];
      if (isUnderWay(state) || !own().includes(id)) return;
      forget(id);
      if (state.status === "COMPLETED") act(saveExport(id));
    },
    (message) => {
      failure.value = message;
      forget(id);
    },
  );
  stops.set(id, stop);
}

function own(): string[] {
  return JSON.parse(sessionStorage.getItem(OWN) ?? "[]") as string[];
}

function forget(id: string): void {
  remember(own().filter((each) => each !== id));
}

function remember(ids: readonly string[]): void {
  sessionStorage.setItem(OWN, JSON.stringify(ids));
}
