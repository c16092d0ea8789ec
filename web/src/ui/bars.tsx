// Stacked bars over time. The picture is drawn by uPlot, which comes when there is something to draw; a table says the same.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Width } from "../calendar";
import type { Figure } from "../figures";
import { choose, chosen } from "../place";
import { cut, exactly, now, partly, type Range, written, zone } from "../time";
import { BarsTable } from "./bars-table";
import { COLOURS, HEIGHT, options, stacked } from "./drawing";
import { Value } from "./value";

export interface Bars {
  readonly range: Range; // what they are of: it may cut the first and the last
  readonly times: readonly number[]; // where bars begin, milliseconds since 1970
  readonly ends: readonly number[];
  readonly partial: readonly boolean[];
  readonly groups: readonly Group[];
  readonly adds: boolean; // whether sums over time mean something, and are exact
}

export interface Group {
  readonly key: string;
  readonly name: string;
  readonly values: readonly (string | null)[]; // exact digits; null is not known
}

export interface Drawn {
  bars: Bars;
  width: Width;
  title: string;
  figure: (value: string | number | null) => Figure; // numbers stand at the axis
  onRange: (range: Range) => void;
}

/** `name` is what the choice between chart and table is called in the address. */
export function StackedBars({ name, onRange, ...shown }: Drawn & { name: string }) {
  const { bars, width, title, figure } = shown;
  const drawn = { ...shown, onRange: (part: Range) => onRange(cut(part, bars.range)) }; // the requests that a bar counts, and no others
  const asTable = chosen(name, ["chart", "table"]) === "table";
  const at = useSignal<number | null>(null);
  const missing = useSignal(false);
  const box = useChart(drawn, at, missing, !asTable);
  const index = at.value ?? Math.max(0, bars.times.findLastIndex((time) => time <= now.value));
  return (
    <figure class="bars">
      <figcaption>
        <span>{title}</span>
        {!missing.value && (
          <button type="button" class="quiet" aria-pressed={asTable} onClick={() => choose({ [name]: asTable ? null : "table" })}>
            {asTable ? "Show as chart" : "Show as table"}
          </button>
        )}
      </figcaption>
      {missing.value && <Missing />}
      {asTable || missing.value ? (
        <BarsTable {...drawn} />
      ) : (
        <>
          <div ref={box} class="plot" role="img" aria-label={`${title}: shown as a table by the button before`} />
          <Legend bars={bars} index={index} width={width} figure={figure} />
        </>
      )}
    </figure>
  );
}

/** Draws into a box. The chart is made anew for more groups or fewer, and takes new figures of as many: what is being dragged goes on. */
function useChart(drawn: Drawn, at: { value: number | null }, missing: { value: boolean }, wanted: boolean) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(drawn);
  latest.current = drawn;
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const draw = async () => {
      const found = await import("uplot").catch(() => null);
      missing.value = found === null;
      if (gone || !box.current || !found) return;
      chart.current?.destroy();
      chart.current = new found.default(options(found.default, () => latest.current, box.current, at), stacked(latest.current.bars), box.current);
    };
    const resized = new ResizeObserver(() => box.current && chart.current?.setSize({ width: box.current.clientWidth, height: HEIGHT }));
    void draw();
    if (box.current) resized.observe(box.current);
    scheme.addEventListener("change", draw);
    return () => {
      gone = true;
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      chart.current?.destroy();
      chart.current = null;
    };
  }, [drawn.bars.groups.length, drawn.width, drawn.title, zone.value, wanted]);
  useEffect(() => chart.current?.setData(stacked(drawn.bars)), [drawn.bars]);
  return box;
}

function Missing() {
  return (
    <div class="failure" role="alert">
      <p>The chart could not be loaded: these are its figures. A reload helps where Tallygraph has been updated, or the network is back.</p>
      <button type="button" onClick={() => location.reload()}>
        Reload
      </button>
    </div>
  );
}

function Legend({ bars, index, width, figure }: Pick<Drawn, "bars" | "width" | "figure"> & { index: number }) {
  const time = bars.times[index];
  if (time === undefined) return null;
  return (
    <div class="legend">
      <span class="when" title={exactly(time)}>
        {written(time, width)}
        {bars.partial[index] && ` (${partly(bars.ends[index]!)})`}
      </span>
      <ul>
        {bars.groups.map(({ key, name, values }, i) => (
          <li key={key}>
            <i class={`swatch c${i % COLOURS}`} />
            <span class="name" title={name}>
              {name}
            </span>
            <b>
              <Value figure={figure(values[index] ?? null)} />
            </b>
          </li>
        ))}
      </ul>
      <Hatched bars={bars} width={width} />
    </div>
  );
}

/** Which bars are hatched, and why: those of what has begun, since of what is to come nothing is drawn. */
function Hatched({ bars: { times, ends, partial }, width }: Pick<Drawn, "bars" | "width">) {
  const which = times.flatMap((time, i) => (partial[i] && time <= now.value ? [`${written(time, width)} (${partly(ends[i]!)})`] : []));
  if (!which.length) return null;
  return (
    <p class="hatched">
      <i class="swatch" />
      Hatched: {which.join(", ")}
    </p>
  );
}
