/** One thing that the figures are narrowed to, and the way back. */
export interface Narrowing {
  readonly name: string;
  readonly value: string;
  readonly id?: string | undefined; // by which the thing is known, where its name is something else
  readonly widen: () => void;
}

/** What is shown is narrowed to, each with a way back. */
export function Narrowed({ to }: { to: readonly Narrowing[] }) {
  if (!to.length) return null;
  return (
    <ul class="narrowed" aria-label="Narrowed to">
      {to.map((each) => (
        <li key={`${each.name} ${each.id ?? each.value}`}>
          <Told narrowing={each} />
          <button type="button" onClick={each.widen} aria-label={`Not only ${each.name}: ${each.value}`}>
            ×
          </button>
        </li>
      ))}
    </ul>
  );
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
