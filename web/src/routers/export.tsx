// An export of what is shown: made in the background, followed, and downloaded by itself.
import { signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { ask } from "../ask";
import { cancelExport, rowsOf, saveExport } from "../exports";
import { graphql } from "../gql";
import type { ExportFormat, ExportStateFragment } from "../gql/graphql";
import { act, failure, followed, keepFollowing, putAway } from "../own-exports";
import { choices } from "../place";
import { asked, exactly, range, zone } from "../time";
import { Told } from "../ui/narrowed";
import { comeRound } from "../ui/round";
import { isUnderWay } from "../under-way";
import { filter, narrowings } from "./filters";
import { GROUPS, grouping, interval } from "./table";

const START = graphql(`
  mutation StartExport($input: ExportRouterUsageInput!) {
    exportRouterUsage(input: $input) {
      export {
        ...ExportState
      }
      errors {
        message
      }
    }
  }
`);

const WORDS: Record<ExportStateFragment["status"], string> = {
  PENDING: "Waiting for a worker",
  RUNNING: "Being written",
  COMPLETED: "Ready: the download starts by itself",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
  EXPIRED: "No longer kept",
};
const FORMATS: Record<ExportFormat, string> = { XLSX: "Excel workbook (.xlsx)", CSV: "CSV, rows alone (.csv)", PARQUET: "Parquet, for data tools (.parquet)" };
const format = signal<ExportFormat>("XLSX");

export function ExportButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  const starting = useSignal(false);
  const narrowed = narrowings();
  const start = async () => {
    starting.value = true;
    failure.value = null;
    try {
      const { exportRouterUsage: made } = await ask(START, {
        input: {
          accountId: choices.value.account ?? null,
          range: asked(range.value),
          timeZone: zone.value,
          filter: filter.value,
          interval: interval(),
          groupBy: [...GROUPS[grouping()]!],
          format: format.value,
        },
      });
      if (made.export) keepFollowing(made.export.id);
      else failure.value = made.errors[0]?.message ?? "The export was refused.";
    } catch (error) {
      failure.value = (error as Error).message;
    } finally {
      starting.value = false;
      dialog.current?.close();
    }
  };
  return (
    <div class="export">
      <button type="button" class="primary" onClick={() => dialog.current?.showModal()}>
        Export
      </button>
      <div role="status" class="exports">
        {followed.value.map((state) => (
          <Progress key={state.id} state={state} />
        ))}
        {failure.value && <p class="failed">{failure.value}</p>}
      </div>
      <dialog ref={dialog} aria-labelledby="export-title" onKeyDown={comeRound}>
        <h2 id="export-title">Export router usage</h2>
        <dl class="facts">
          <dt>
            <label for="export-format">Format</label>
          </dt>
          <dd>
            <select id="export-format" value={format} onChange={(event) => (format.value = event.currentTarget.value as ExportFormat)}>
              {Object.entries(FORMATS).map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </dd>
          <dt>Time</dt>
          <dd>
            {exactly(range.value.from)} to {exactly(range.value.to)}
          </dd>
          <dt>A row for each</dt>
          <dd>{rowsOf(interval(), GROUPS[grouping()]!)}</dd>
          <dt>Narrowed to</dt>
          <dd>
            {narrowed.map((each) => (
              <div key={`${each.name} ${each.id ?? each.value}`}>
                <Told narrowing={each} />
              </div>
            ))}
            {narrowed.length === 0 && "nothing: all usage of the time"}
          </dd>
        </dl>
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Not now
          </button>
          <button type="button" class="primary" disabled={starting.value} onClick={start}>
            {starting.value ? "Starting…" : "Export"}
          </button>
        </div>
      </dialog>
    </div>
  );
}

function Progress({ state }: { state: ExportStateFragment }) {
  const under = isUnderWay(state);
  const percent = Math.round(state.progress * 100);
  return (
    <div class="progress">
      <span>
        {WORDS[state.status]}
        {state.status === "FAILED" && state.error && `: ${state.error}`}
      </span>
      {under && <progress value={state.progress} max={1} aria-label={`Export: ${percent} %`} />}
      {under && (
        <button type="button" onClick={() => act(cancelExport(state.id))}>
          Cancel
        </button>
      )}
      {state.status === "COMPLETED" && (
        <button type="button" class="link file" title="Download it again" onClick={() => act(saveExport(state.id))}>
          {state.fileName}
        </button>
      )}
      {!under && (
        <button type="button" class="quiet" aria-label="Put away" onClick={() => putAway(state.id)}>
          ×
        </button>
      )}
    </div>
  );
}
