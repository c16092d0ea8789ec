// Questions to /graphql, and what becomes of them.
import { type ReadonlySignal, signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { TypedDocumentString } from "./gql/graphql";
import { answeredAt, regained, unreachable } from "./reach";
import { isForAnother } from "./whose";

export class Unasked extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

const NETWORK = "NETWORK"; // nobody answers: it is tried again by itself
const AWAY = [502, 503, 504]; // of a proxy, where what is behind it does not answer

/** Why a person has to sign in: their session has ended, or there was none. Null where they need not. */
export const signedOut = signal<"ended" | "never" | null>(null);

/** The answer. Throws Unasked, with what a person can read. */
export async function ask<Answer, Variables>(
  question: TypedDocumentString<Answer, Variables>,
  variables: Variables,
  stop?: AbortSignal,
): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
      body: JSON.stringify({ query: question.toString(), variables }),
      signal: stop ?? null,
    });
  } catch (error) {
    if (stop?.aborted) throw error;
    unreachable.value = true;
    throw new Unasked("Tallygraph does not answer. Is the service running, and the network there?", NETWORK);
  }
  const { data, errors } = (await response.json().catch(() => ({}))) as { data?: Answer; errors?: { message: string; extensions?: { code?: string } }[] };
  const first = errors?.[0];
  const away = !data && !first && AWAY.includes(response.status);
  unreachable.value = away;
  if (away) throw new Unasked(`Tallygraph does not answer (HTTP ${response.status}).`, NETWORK);
  // Who has had an answer had a session, also where its cookie is gone: in another tab somebody has signed out.
  if (response.status === 401) signedOut.value ??= answeredAt.peek() !== null || first?.extensions?.code === "SESSION_ENDED" ? "ended" : "never";
  if (first) throw new Unasked(first.message, first.extensions?.code ?? "UNKNOWN");
  if (!data) throw new Unasked(`Tallygraph answered with HTTP ${response.status}, and said no more.`, "UNKNOWN");
  if (isForAnother(data)) {
    location.reload(); // nothing of who was here before is kept
    return new Promise<never>(() => undefined);
  }
  answeredAt.value = Date.now();
  return data;
}

/** An answer that is kept while the next one is on its way. */
export interface Asked<Answer> {
  readonly answer: Answer | null;
  readonly error: Unasked | null;
  readonly loading: boolean;
  readonly at: number | null; // when it came
}

export const UNASKED = { answer: null, error: null, loading: true, at: null } as const;

/** What a person has to be told of an error: nothing where the answer to the same question is kept, for the page says so, and tries again. */
export function told(error: unknown, kept: boolean): Unasked | null {
  return kept && error instanceof Unasked && error.code === NETWORK ? null : (error as Unasked);
}

/** Counts `tries` up when Tallygraph is reached again after a question had missed it. */
export function useTries() {
  const tries = useSignal(0);
  const missed = useRef(false);
  useSignalEffect(() => {
    if (unreachable.value || !missed.current) return;
    missed.current = false;
    tries.value = tries.peek() + 1;
  });
  const miss = (error: unknown) => {
    missed.current = error instanceof Unasked && error.code === NETWORK;
  };
  return { tries, miss };
}

/** Asks whenever what `variables` reads has changed, and where it `follows` what happens, from time to time. Null asks nothing. What comes too late is not looked at.
 *  Where there may be something new while the same question is under way, it is asked once more after its answer: else what takes long would never be answered. */
export function useAnswer<Answer, Variables>(
  question: TypedDocumentString<Answer, Variables>,
  variables: () => Variables | null,
  follows = true,
): ReadonlySignal<Asked<Answer>> {
  return useAnswers(variables, (given, stop) => ask(question, given, stop), follows);
}

/** The same of an answer that takes more than one question to `read`. */
export function useAnswers<Answer, Variables>(
  variables: () => Variables | null,
  read: (variables: Variables, stop: AbortSignal) => Promise<Answer>,
  follows = true,
): ReadonlySignal<Asked<Answer>> {
  const asked = useSignal<Asked<Answer>>(UNASKED);
  const answered = useRef<string | null>(null); // the question that the answer is of
  const underWay = useRef<{ readonly turn: string; readonly stop: AbortController; outdone: boolean } | null>(null);
  const onceMore = useSignal(0);
  const { tries, miss } = useTries();
  const key = useComputed(() => JSON.stringify(variables()));
  useSignalEffect(() => {
    const text = key.value;
    const given = JSON.parse(text) as Variables | null;
    const turn = [again.value, tries.value, follows && regained.value, text].join();
    onceMore.value;
    if (follows) fresh.value;
    if (underWay.current?.turn === turn) {
      underWay.current.outdone = true;
      return;
    }
    underWay.current?.stop.abort();
    underWay.current = null;
    if (given === null) return;
    const stop = new AbortController();
    const asking = { turn, stop, outdone: false };
    underWay.current = asking;
    asked.value = { ...asked.peek(), loading: true };
    read(given, stop.signal).then(
      (answer) => {
        answered.current = text;
        asked.value = { answer, error: null, loading: false, at: Date.now() };
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        miss(error);
        asked.value = { ...asked.peek(), error: told(error, answered.current === text), loading: false };
      },
    ).finally(() => {
      if (underWay.current !== asking) return;
      underWay.current = null;
      if (asking.outdone && !unreachable.peek()) onceMore.value = onceMore.peek() + 1;
    });
  });
  useEffect(() => () => underWay.current?.stop.abort(), []);
  return asked;
}

/** Counts up when everything is to be asked again. */
export const again = signal(0);

/** Counts up when there may be something new: what is shown stays until the new answer has come. */
export const fresh = signal(0);
