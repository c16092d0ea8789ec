// Subscriptions, over graphql-transport-ws. The client comes when something is first followed.
import { computed, signal } from "@preact/signals";
import type { Client } from "graphql-ws";
import type { TypedDocumentString } from "./gql/graphql";
import { catchUp } from "./live";
import { probe } from "./probe";
import { pause } from "./reach";

const MAX_FOLLOWED = 8; // at a time, of the 10 operations that a connection takes: what was let go of may not have ended there yet
const ALIVE_SECONDS = 15; // after which we ask whether the other end is there: a computer that slept is not told that it is not
const PATIENCE_SECONDS = 5; // for its answer
const MAX_TRIES = 10; // of pauses: as long as they get
const FORBIDDEN = 4403; // the session is good no more

/** Whether more is to be followed than can be at a time: the rest waits for its turn, and has to be asked about. */
export const crowded = signal(false);

const following = signal(0);
const broken = signal(false);

/** Whether the connection is lost, while somebody waits for what comes over it. */
export const interrupted = computed(() => broken.value && following.value > 0);

let client: Promise<Client> | null = null;
const waiting = new Set<() => void>();

function connected(): Promise<Client> {
  client ??= import("graphql-ws").then(({ createClient }) => {
    let missing: ReturnType<typeof setTimeout> | undefined;
    const made = createClient({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
      keepAlive: ALIVE_SECONDS * 1000,
      lazyCloseTimeout: 1000, // what is followed instead goes over the same connection
      retryWait: pause,
      retryAttempts: Infinity, // each subscription begins with the present state: nothing is missed meanwhile
      shouldRetry: () => true,
      on: {
        ping: (received) => {
          if (!received) missing = setTimeout(() => made.terminate(), PATIENCE_SECONDS * 1000);
        },
        pong: (received) => {
          if (received) clearTimeout(missing);
        },
        closed: (event) => {
          clearTimeout(missing);
          broken.value = following.peek() > 0;
          if ((event as { code?: number }).code === FORBIDDEN) void probe(); // which finds out whether to sign in
        },
        connected: () => {
          if (broken.peek()) catchUp();
          broken.value = false;
        },
      },
    });
    return made;
  });
  return client;
}

/** Calls `next` with every message, until the subscription ends or what is returned is called. */
export function follow<Answer, Variables extends Record<string, unknown>>(
  question: TypedDocumentString<Answer, Variables>,
  variables: Variables,
  next: (answer: Answer) => void,
  failed: (message: string) => void = () => undefined,
): () => void {
  let release: (() => void) | null = null;
  let state: "waiting" | "following" | "over" = "waiting";
  const begin = () => {
    state = "following";
    following.value = following.peek() + 1; // whoever follows in an effect does not follow this
    void connected().then(subscribe, end);
  };
  const subscribe = (found: Client) => {
    if (state === "over") return;
    release = found.subscribe<Answer>(
      { query: question.toString(), variables },
      {
        next: ({ data, errors }) => {
          if (data) next(data);
          else if (errors?.[0]) failed(errors[0].message);
        },
        error: (error) => {
          if (Array.isArray(error)) {
            end();
            failed(String(error[0]?.message));
          } else void pause(MAX_TRIES).then(() => subscribe(found)); // closed in a way that the client takes for final
        },
        complete: end,
      },
    );
  };
  const end = () => {
    if (state === "following") following.value = following.peek() - 1;
    state = "over";
    waiting.delete(begin);
    giveTurns();
  };
  waiting.add(begin);
  giveTurns();
  return () => {
    const stop = release;
    end();
    stop?.();
  };
}

/** Those who have waited longest come first. */
function giveTurns(): void {
  for (const begin of waiting) {
    if (following.peek() >= MAX_FOLLOWED) break;
    waiting.delete(begin);
    begin();
  }
  crowded.value = waiting.size > 0;
}
