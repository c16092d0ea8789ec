import { useAnswers } from "../ask";
import { count, money } from "../figures";
import { choices, chosen } from "../place";
import { chooseRange, range, zone } from "../time";
import { StackedBars } from "../ui/bars";
import { Choice } from "../ui/choice";
import { Empty, Shown } from "../ui/states";
import { filter } from "./filters";
import { type By, type Found, type Measure, overTime } from "./groups";

const MEASURES: Record<Measure, string> = { totalTokens: "Tokens", requests: "Requests", totalFee: "Fee" };
const NAMES: Record<By, string> = { model: "model", key: "API key", provider: "provider" };

export function OverTime({ currency }: { currency: string }) {
  const found = useAnswers(
    () => ({
      account: choices.value.account ?? null,
      range: range.value,
      filter: filter.value,
      zone: zone.value,
      measure: chosen<Measure>("measure", ["totalTokens", "requests", "totalFee"]),
      by: chosen<By>("by", ["model", "key", "provider"]),
    }),
    overTime,
  );
  return (
    <section class="panel" aria-label="Usage over time">
      <div class="tools">
        <h2>Usage over time</h2>
        <Choice label="What is drawn" name="measure" options={[["totalTokens", "Tokens"], ["requests", "Requests"], ["totalFee", "Fee"]]} />
        <Choice label="Stacked by" name="by" options={[["model", "Model"], ["key", "API key"], ["provider", "Provider"]]} />
      </div>
      <Shown asked={found.value} empty={({ bars }) => (bars === null ? <Nothing /> : null)}>
        {(answer) => <Chart found={answer} currency={currency} />}
      </Shown>
    </section>
  );
}

function Chart({ found: { bars, width, wanted }, currency }: { found: Found; currency: string }) {
  return (
    bars && (
      <StackedBars
        name="usage"
        bars={bars}
        width={width}
        title={`${MEASURES[wanted.measure]} by ${NAMES[wanted.by]}`}
        figure={wanted.measure === "totalFee" ? (value) => money(value, currency) : count}
        onRange={chooseRange}
      />
    )
  );
}

function Nothing() {
  return (
    <Empty>
      <p>No request went through the router in this time{filter.value && ", with what it is narrowed to"}.</p>
      <p>Choose a longer range, or report usage: see “Events in” of the documentation.</p>
    </Empty>
  );
}
