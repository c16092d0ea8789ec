import { useLayoutEffect, useRef } from "preact/hooks";

/** One thing that the figures are narrowed to, and the way back. */
export interface Narrowing {
  readonly name: string;
  readonly value: string;
  readonly id?: string | undefined; // by which the thing is known, where its name is something else
  readonly widen: () => void;
}

/** What is shown is narrowed to, each with a way back. Whoever takes one back is at the next then, or, after the last, where one narrows; by finger or mouse, nowhere that the page would have to move to. */
export function Narrowed({ to }: { to: readonly Narrowing[] }) {
  const list = useRef<HTMLUListElement>(null);
  const gone = useRef<{ readonly place: number; readonly byKey: boolean } | null>(null); // what was taken back
  useLayoutEffect(() => {
    if (gone.current === null) return;
    const { place, byKey } = gone.current;
    gone.current = null;
    const left = list.current?.querySelectorAll("button");
    if (left) left[Math.min(place, left.length - 1)]!.focus({ preventScroll: !byKey });
    else if (byKey) focusWhereOneNarrows();
    else document.getElementById("main")!.focus({ preventScroll: true });
  });
  if (!to.length) return null;
  const widen = (i: number, button: HTMLElement) => {
    gone.current = { place: i, byKey: button.matches(":focus-visible") };
    to[i]!.widen();
  };
  return (
    <ul ref={list} class="narrowed" aria-label="Narrowed to">
      {to.map((each, i) => (
        <li key={`${each.name} ${each.id ?? each.value}`}>
          <Told narrowing={each} />
          <button type="button" onClick={(event) => widen(i, event.currentTarget)} aria-label={`Not only ${each.name}: ${each.value}`}>
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The section marks it: filters, or a table whose names narrow. */
export function focusWhereOneNarrows(): void {
  (document.querySelector<HTMLElement>("[data-narrows]") ?? document.getElementById("main"))!.focus();
}

/** What something is narrowed to, cut where it is long. */
export function Told({ narrowing: { name, value, id } }: { narrowing: Narrowing }) {
  return (
    <span class="cut" title={id === undefined ? value : `${value} (${id})`}>
      {name}: <bdi>{value}</bdi>
      {id !== undefined && (
        <>
          {" "}
          <small>
            (<bdi>{id}</bdi>)
          </small>
        </>
      )}
    </span>
  );
}
