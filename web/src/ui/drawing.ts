// How uPlot draws bars: what it is told of scales, axes, colours, and what is done with the pointer.
import type uPlot from "uplot";
import { ordinal, type Width } from "../calendar";
import { written, zone } from "../time";
import type { Bars, Drawn } from "./bars";

export const HEIGHT = 260;
export const COLOURS = 8;
const [SHARE, WIDEST] = [0.8, 64]; // of a bar: of the room that it has, and pixels
const [OUTLINE, STRIPE, APART] = [2, 2, 7]; // pixels of a bar that is hatched
const LABEL = { QUARTER_HOUR: 100, HOUR: 100, DAY: 64, WEEK: 96, MONTH: 80 } as const satisfies Record<Width, number>; // pixels
const EVERY = {
  QUARTER_HOUR: [1, 2, 4, 8, 12, 24, 48],
  HOUR: [1, 2, 3, 6, 12, 24, 48, 72],
  DAY: [1, 2, 7, 14, 28, 56],
  WEEK: [1, 2, 4, 8, 13, 26, 52],
  MONTH: [1, 2, 3, 6, 12, 24, 60, 120, 240, 600],
} as const satisfies Record<Width, readonly number[]>; // bars between two labels

/** Each group on top of those after it, so that the first, which is drawn first, is the highest. */
export function stacked({ times, groups }: Bars): uPlot.AlignedData {
  const rows = groups.map(({ values }) => values.map((value) => Number(value ?? 0)));
  for (let i = rows.length - 2; i >= 0; i--) rows[i] = rows[i]!.map((value, at) => value + rows[i + 1]![at]!);
  return [times.map((time) => time / 1000), ...rows];
}

/** `latest` gives what is drawn now: a chart outlives the figures that it was made with. */
export function options(Plot: typeof uPlot, latest: () => Drawn, box: HTMLElement, at: { value: number | null }): uPlot.Options {
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [12, 8, 0, 0],
    scales: { x: { range: () => span(latest().bars) }, y: { range: (_, __, most) => [0, most > 0 ? most * 1.05 : 1] } },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
    axes: [
      { ...axis, size: 34, grid: { show: false }, splits: (chart) => labelled(chart, latest()), values: (_, splits) => splits.map((split) => written(split * 1000, latest().width)) },
      { ...axis, size: 64, values: (_, splits) => labels(splits, latest().figure) },
    ],
    series: [
      {},
      ...latest().bars.groups.map((_, i) => ({
        fill: colour(`--c${i % COLOURS}`),
        stroke: colour(`--c${i % COLOURS}`),
        width: 0,
        points: { show: false },
        paths: Plot.paths.bars!({ size: [SHARE, WIDEST] }),
      })),
    ],
    hooks: {
      ready: [(chart) => chart.over.addEventListener("click", () => pressed(chart, latest()))],
      setCursor: [(chart) => (at.value = chart.cursor.idx ?? null)],
      setSelect: [(chart) => selected(chart, latest())],
      draw: [(chart) => hatch(chart, latest().bars, colour("--panel"))],
    },
  };
}

/** Seconds between two bars. */
function step({ times }: Bars): number {
  return times.length > 1 ? (times[1]! - times[0]!) / 1000 : 3600;
}

/** From half a bar before the first to half a bar after the last. */
function span(bars: Bars): [number, number] {
  const half = step(bars) / 2;
  return [(bars.times[0] ?? 0) / 1000 - half, (bars.times.at(-1) ?? 0) / 1000 + half];
}

/** The bars that have a label: so many that there is room, even by the clock of the zone that is shown. */
function labelled(chart: uPlot, { bars: { times }, width }: Drawn): number[] {
  const pixels = chart.bbox.width / devicePixelRatio / times.length;
  const every = EVERY[width].find((each) => each * pixels >= LABEL[width]) ?? EVERY[width].at(-1)!;
  const places = times.map((time) => ordinal(time, width, zone.peek()));
  return times.filter((_, i) => places[i]! % every === 0 && places[i] !== places[i - 1]).map((time) => time / 1000); // an hour may come twice
}

/** Counts have no halves: of splits that read the same, only the first is labelled. */
function labels(splits: readonly number[], figure: Drawn["figure"]): (string | null)[] {
  const shown = splits.map((split) => figure(split).shown);
  return shown.map((label, i) => (label === shown[i - 1] ? null : label));
}

function selected(chart: uPlot, { bars: { times, ends }, onRange }: Drawn): void {
  if (chart.select.width <= 0) return;
  const [left, right] = [chart.select.left, chart.select.left + chart.select.width].map((x) => chart.posToIdx(x)) as [number, number];
  chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  onRange({ from: times[left]!, to: ends[right]! });
}

/** uPlot keeps the click to itself where something was drawn over. */
function pressed({ cursor: { idx } }: uPlot, { bars: { times, ends }, onRange }: Drawn): void {
  if (typeof idx === "number") onRange({ from: times[idx]!, to: ends[idx]! });
}

/** Bars that are not whole are hatched, not paler: their outlines and stripes have the contrast that their colours have. */
function hatch(chart: uPlot, bars: Bars, ground: string): void {
  const { ctx, bbox } = chart;
  const [pixel, bottom] = [devicePixelRatio, bbox.top + bbox.height];
  const outline = Math.round(OUTLINE * pixel);
  const x = (seconds: number) => chart.valToPos(seconds, "x", true);
  const wide = Math.round(Math.min((x(step(bars)) - x(0)) * SHARE, WIDEST * pixel));
  ctx.save();
  ctx.beginPath();
  bars.times.forEach((time, i) => {
    const left = Math.round(x(time / 1000) - wide / 2) + outline; // on whole pixels, as bars are
    const top = Math.round(chart.valToPos(chart.data[1]?.[i] ?? 0, "y", true)) + outline;
    if (bars.partial[i]) ctx.rect(left, top, Math.max(0, wide - 2 * outline), Math.max(0, bottom - top));
  });
  ctx.clip();
  ctx.strokeStyle = ground;
  ctx.lineWidth = STRIPE * pixel;
  ctx.beginPath();
  for (let at = bbox.left - bbox.height; at < bbox.left + bbox.width; at += APART * pixel) {
    ctx.moveTo(at, bottom);
    ctx.lineTo(at + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}
