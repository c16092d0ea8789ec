import { isUnderWay } from "../under-way";

interface Props {
  state: { readonly status: string; readonly progress: number; readonly error?: string | null };
  cancel: () => void;
  name: string; // of what is cancelled, for who does not see the row
}

/** How far a job is, and the way to end it as long as it is not over. */
export function State({ state, cancel, name }: Props) {
  const { status, progress, error } = state;
  const percent = Math.round(progress * 100);
  return (
    <>
      <span class={`state ${status.toLowerCase()}`}>
        {status.toLowerCase()}
        {isUnderWay(state) && <progress value={progress} max={1} aria-label={`${percent} %`} />}
        {error && `: ${error}`}
      </span>
      {isUnderWay(state) && (
        <button type="button" onClick={cancel} aria-label={`Cancel the ${name}`}>
          Cancel
        </button>
      )}
    </>
  );
}
