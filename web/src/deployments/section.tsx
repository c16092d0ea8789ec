import { ask, useAnswer } from "../ask";
import { count, decimal, money, percent } from "../figures";
import type { DeploymentFiguresQuery, DeploymentStatus, GlanceFragment } from "../gql/graphql";
import { lookAgain, useOften } from "../live";
import { choices, choose, chosen } from "../place";
import { asked, exactly, previous, range } from "../time";
import { Card, cardsClass } from "../ui/card";
import { Choice } from "../ui/choice";
import { Narrowed } from "../ui/narrowed";
import { Failure } from "../ui/states";
import { OpenValue } from "../ui/value";
import { DeploymentDetail } from "./detail";
import { filter, narrowings, type Status, STATUSES } from "./filters";
import { OverTime } from "./over-time";
import { FIGURES, GLANCE } from "./questions";
import { DeploymentTable } from "./table";

type Usage = NonNullable<DeploymentFiguresQuery["account"]>["deploymentUsage"];

export function Deployments() {
  const asking = useAnswer(FIGURES, () => ({
    account: choices.value.account ?? null,
    range: asked(range.value),
    previous: asked(previous.value),
    filter: filter.value,
  }));
  useOften((stop) => {
    const { answer, error, loading } = asking.peek();
    return loading || error ? undefined : glance(answer?.account?.deploymentUsage, stop); // what fails is not asked for again so often
  });
  const { answer, error } = asking.value;
  const usage = answer?.account?.deploymentUsage;
  const before = answer?.account?.before;
  return (
    <>
      <h1>Deployments</h1>
      <Filters />
      <Narrowed to={narrowings()} />
      {error && <Failure message={error.message} of={asking.value.at} />}
      <dl class={cardsClass(asking.value)}>
        <Card name="Total requests" figure={usage ? count(usage.totalRequests) : null} value={Number(usage?.totalRequests)} before={Number(before?.totalRequests)} />
        <Card name="Active deployments, now" figure={usage ? count(usage.activeDeployments) : null} />
        <Card
          name="Allocated GPU hours"
          figure={usage ? decimal(usage.allocatedGpuHours, "GPU hours") : null}
          value={Number(usage?.allocatedGpuHours)}
          before={Number(before?.allocatedGpuHours)}
        />
        <Card name="Fine-tunings" figure={usage ? count(usage.fineTunings) : null} value={usage?.fineTunings ?? null} before={before?.fineTunings} />
      </dl>
      {usage && <Note usage={usage} currency={answer?.account?.currency ?? "USD"} />}
      <OverTime />
      <DeploymentTable />
      {choices.value.deployment && <DeploymentDetail id={choices.value.deployment} />}
    </>
  );
}

/** No subscription tells what deployments do: a small question finds out whether the others are worth while. */
async function glance(known: GlanceFragment | undefined, stop: AbortSignal): Promise<void> {
  if (!known) return;
  const given = { account: choices.value.account ?? null, range: asked(range.value), filter: filter.value };
  const found = (await ask(GLANCE, given, stop).catch(() => null))?.account?.deploymentUsage; // what is wrong, the figures say soon
  if (found && seen(found) !== seen(known)) lookAgain();
}

function seen({ totalRequests, activeDeployments, fineTunings, deployments }: GlanceFragment): string {
  return JSON.stringify([totalRequests, activeDeployments, fineTunings, deployments.totalCount]);
}

/** What else is to be known of the figures. */
function Note({ usage, currency }: { usage: Usage; currency: string }) {
  const unpriced = decimal(usage.unpricedGpuHours, "GPU hours");
  return (
    <p class="note">
      GPU time is complete up to <time dateTime={usage.dataState.completeThrough}>{exactly(Date.parse(usage.dataState.completeThrough))}</time>. Fee:{" "}
      <OpenValue figure={money(usage.totalFee, currency)} />
      {usage.utilization !== null && (
        <>
          , utilization: <OpenValue figure={percent(usage.utilization)} />
        </>
      )}
      .
      {Number(usage.unpricedGpuHours) > 0 && (
        <>
          {" "}
          GPU hours without a price yet: <OpenValue figure={unpriced} />.
        </>
      )}
      {Number(usage.unknownGpus.seconds) > 0 && ` Nobody told how many GPUs ran for ${usage.unknownGpus.text}: they are not counted.`}
    </p>
  );
}

function Filters() {
  const statuses = Object.entries(STATUSES) as [DeploymentStatus, string][];
  const current = chosen<Status>("status", ["any", ...statuses.map(([status]) => status)]);
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Name
        <input data-narrows type="search" value={choices.value.name ?? ""} placeholder="a part of it" onChange={(event) => choose({ name: event.currentTarget.value || null, after: null })} />
      </label>
      <label>
        Status, now
        <select value={current} onChange={(event) => choose({ status: event.currentTarget.value === "any" ? null : event.currentTarget.value, after: null })}>
          <option value="any">any</option>
          {statuses.map(([status, name]) => (
            <option key={status} value={status}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Choice label="Type" name="type" options={[["all", "All"], ["DEPLOYMENT", "Deployments"], ["FINE_TUNING", "Fine-tunings"]]} />
    </form>
  );
}
