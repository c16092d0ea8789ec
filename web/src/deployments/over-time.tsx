import { useMemo } from "preact/hooks";
import { useAnswer } from "../ask";
import { count, decimal, type Figure } from "../figures";
import type { DeploymentsOverTimeQuery } from "../gql/graphql";
import { choices } from "../place";
import { asked, chooseRange, now, range, widthOf, zone } from "../time";
import { type Bars, StackedBars } from "../ui/bars";
import { Empty, Shown } from "../ui/states";
import { filter } from "./filters";
import { OVER_TIME } from "./questions";

type Point = NonNullable<DeploymentsOverTimeQuery["account"]>["deploymentUsage"]["series"][number];

interface Drawn {
  readonly key: string; // in the address
  readonly name: string;
  readonly value: (point: Point) => string;
  readonly figure: (value: string | number | null) => Figure;
  readonly adds: boolean; // hours are rounded in each bucket
}

const DRAWN: readonly Drawn[] = [
  { key: "requests", name: "Requests", value: ({ requests }) => String(requests), figure: count, adds: true },
  { key: "gpuHours", name: "GPU hours", value: ({ gpuHours }) => gpuHours, figure: (value) => decimal(value, "GPU hours"), adds: false },
];

export function OverTime() {
  const found = useAnswer(OVER_TIME, () => ({
    account: choices.value.account ?? null,
    range: asked(range.value),
    filter: filter.value,
    interval: widthOf(range.value),
    zone: zone.value,
  }));
  return (
    <section class="panel" aria-label="Usage over time">
      <div class="tools">
        <h2>Usage over time</h2>
      </div>
      <Shown asked={found.value} empty={({ account }) => (account?.deploymentUsage.series.some(used) ? null : <Nothing />)}>
        {({ account }) => account && <Charts points={account.deploymentUsage.series} />}
      </Shown>
    </section>
  );
}

function used({ requests, gpuHours }: Point): boolean {
  return Number(requests) > 0 || Number(gpuHours) > 0;
}

function Nothing() {
  return (
    <Empty>
      <p>No deployment had a GPU or a request in this time{filter.value && ", with what it is narrowed to"}.</p>
      <p>Choose a longer range, or report what deployments do: see “Deployments and fine-tunings” of the documentation.</p>
    </Empty>
  );
}

function Charts({ points }: { points: readonly Point[] }) {
  const bars = useMemo(() => DRAWN.map((drawn) => barsOf(points, drawn)), [points]);
  return (
    <div class="charts">
      {DRAWN.map(({ key, name, figure }, i) => (
        <StackedBars key={key} name={key} bars={bars[i]!} width={widthOf(range.value)} title={name} figure={figure} onRange={chooseRange} />
      ))}
    </div>
  );
}

/** A series has every bucket of the range, so each ends where the next one begins. What is still to come is not known. */
function barsOf(points: readonly Point[], { key, name, value, adds }: Drawn): Bars {
  const times = points.map(({ time }) => Date.parse(time));
  const begun = points.map((point, i) => times[i]! <= now.value || used(point));
  return {
    range: range.value,
    times,
    ends: times.map((_, i) => times[i + 1] ?? range.value.to),
    partial: points.map(({ partial }) => partial),
    groups: [{ key, name, values: points.map((point, i) => (begun[i] ? value(point) : null)) }],
    adds,
  };
}
