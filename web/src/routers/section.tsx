import { useAnswer } from "../ask";
import { useChanges } from "../changes";
import { count, duration, money, none } from "../figures";
import { useKeyNames } from "../keys";
import { choices } from "../place";
import { asked, exactly, previous, range } from "../time";
import { Card, cardsClass } from "../ui/card";
import { Change } from "../ui/change";
import { Narrowed } from "../ui/narrowed";
import { Failure } from "../ui/states";
import { OpenValue } from "../ui/value";
import { ExportButton } from "./export";
import { filter, narrowings } from "./filters";
import { OverTime } from "./over-time";
import { FIGURES } from "./questions";
import { UsageTable } from "./table";

export function Routers() {
  useChanges(() => filter.value);
  useKeyNames();
  const asking = useAnswer(FIGURES, () => ({
    account: choices.value.account ?? null,
    range: asked(range.value),
    previous: asked(previous.value),
    filter: filter.value,
  }));
  const { answer, error } = asking.value;
  const account = answer?.account;
  const usage = account?.routerUsage;
  const before = account?.before;
  const currency = account?.currency ?? "USD";
  return (
    <>
      <div class="heading">
        <h1>Routers</h1>
        <ExportButton />
      </div>
      <Narrowed to={narrowings()} />
      {error && <Failure message={error.message} of={asking.value.at} />}
      <dl class={cardsClass(asking.value)}>
        <Card name="Total requests" figure={usage ? count(usage.totalRequests) : null} value={Number(usage?.totalRequests)} before={Number(before?.totalRequests)} />
        <Card name="Total tokens" figure={usage ? count(usage.totalTokens) : null} value={Number(usage?.totalTokens)} before={Number(before?.totalTokens)} />
        <Card name="Used models" figure={usage ? count(usage.usedModels) : null} value={usage?.usedModels ?? null} before={before?.usedModels} />
        <Card
          name="Average latency"
          figure={usage ? duration(usage.averageLatency) : null}
          value={usage?.averageLatency ?? null}
          before={before?.averageLatency}
          moreIs="bad"
        />
      </dl>
      {usage && (
        <p class="note">
          Fee: <OpenValue figure={money(usage.totalFee, currency)} /><Change value={amount(usage.totalFee)} before={amount(before?.totalFee)} moreIs="neither" />. Complete up to <time title={usage.dataState.completeThrough}>{exactly(Date.parse(usage.dataState.completeThrough))}</time>.
          {!none(usage.dataState.unpricedRequests) && (
            <>
              {" "}
              <OpenValue figure={count(usage.dataState.unpricedRequests)} /> requests have no price yet.
            </>
          )}
          {!none(usage.dataState.estimatedRequests) && (
            <>
              {" "}
              The tokens of <OpenValue figure={count(usage.dataState.estimatedRequests)} /> requests are estimated.
            </>
          )}
        </p>
      )}
      <OverTime currency={currency} />
      <UsageTable />
    </>
  );
}

function amount(digits: string | null | undefined): number | null {
  return digits === null || digits === undefined ? null : Number(digits);
}
