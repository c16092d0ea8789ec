import { sum } from "../exact";
import { exactly, partly, written } from "../time";
import type { Drawn } from "./bars";
import { NumberCell } from "./cell";

/** The figures of a chart, and their sums, all of them exact. */
export function BarsTable({ bars: { times, ends, partial, groups, adds }, width, figure, onRange }: Drawn) {
  const across = adds && groups.length > 1;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="The chart's figures">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {groups.map(({ key, name }) => (
              <th scope="col" class="number name" key={key} title={name}>
                <bdi>{name}</bdi>
              </th>
            ))}
            {across && (
              <th scope="col" class="number">
                Together
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {times.map((time, i) => (
            <tr key={time}>
              <th scope="row" title={exactly(time)}>
                <button type="button" class="link" title="Only this time" onClick={() => onRange({ from: time, to: ends[i]! })}>
                  {written(time, width)}
                </button>
                {partial[i] && ` (${partly(ends[i]!)})`}
              </th>
              {groups.map(({ key, values }) => (
                <NumberCell key={key} figure={figure(values[i] ?? null)} />
              ))}
              {across && <NumberCell figure={figure(sum(groups.map(({ values }) => values[i] ?? null)))} />}
            </tr>
          ))}
        </tbody>
        {adds && (
          <tfoot>
            <tr>
              <th scope="row">Together</th>
              {groups.map(({ key, values }) => (
                <NumberCell key={key} figure={figure(sum(values))} />
              ))}
              {across && <NumberCell figure={figure(sum(groups.flatMap(({ values }) => values)))} />}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}
