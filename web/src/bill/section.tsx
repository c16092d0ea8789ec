// The bill of the time that is shown, line by line, against the period before.
import { useAnswer } from "../ask";
import { endOf } from "../calendar";
import { useChanges } from "../changes";
import { change, count, decimal, type Figure, money, none, percent } from "../figures";
import { graphql } from "../gql";
import type { BillDimension, BillQuery } from "../gql/graphql";
import { choices, chosen } from "../place";
import { asked, now, partly, previous, range, written, zone } from "../time";
import { Card, cardsClass } from "../ui/card";
import { Choice } from "../ui/choice";
import { Empty, Failure, Shown } from "../ui/states";
import { Value } from "../ui/value";

const BILL = graphql(`
  query Bill($account: ID, $range: TimeRange!, $previous: TimeRange!, $zone: TimeZone!, $groupBy: [BillDimension!]!) {
    account(id: $account) {
      id
      bill(range: $range, timeZone: $zone) {
        total
        currency
        unpricedGpuHours
        dataState {
          unpricedRequests
        }
        lines(groupBy: $groupBy) {
          ...BillLineFigures
        }
      }
      before: bill(range: $previous, timeZone: $zone) {
        total
        lines(groupBy: $groupBy) {
          ...BillLineFigures
        }
      }
    }
  }
  fragment BillLineFigures on BillLine {
    service
    model
    apiKey {
      id
      name
    }
    provider
    deployment {
      id
      name
    }
    direction
    category
    day
    quantity
    unit
    fee
  }
`);

type Bill = NonNullable<BillQuery["account"]>["bill"];
type Line = Bill["lines"][number];
type By = "service" | "model" | "key" | "provider" | "deployment" | "category" | "day";

const DIMENSIONS: Record<By, readonly BillDimension[]> = {
  service: ["SERVICE"],
  model: ["SERVICE", "MODEL"],
  key: ["SERVICE", "API_KEY"],
  provider: ["SERVICE", "PROVIDER"],
  deployment: ["SERVICE", "DEPLOYMENT"],
  category: ["SERVICE", "CATEGORY"],
  day: ["DAY"],
};
const SERVICES: Record<NonNullable<Line["service"]>, string> = { ROUTER: "Router", DEPLOYMENT: "Deployments", FINE_TUNING: "Fine-tuning" };

const by = () => chosen<By>("lines", ["service", "model", "key", "provider", "deployment", "category", "day"]);

export function BillSection() {
  useChanges(() => null);
  const asking = useAnswer(BILL, () => ({
    account: choices.value.account ?? null,
    range: asked(range.value),
    previous: asked(previous.value),
    zone: zone.value,
    groupBy: [...DIMENSIONS[by()]],
  }));
  const account = asking.value.answer?.account;
  const bill = account?.bill;
  return (
    <>
      <div class="heading">
        <h1>Bill</h1>
      </div>
      <dl class={cardsClass(asking.value)}>
        <Card
          name="Total"
          figure={bill ? money(bill.total, bill.currency) : null}
          value={bill ? Number(bill.total) : null}
          before={account ? Number(account.before.total) : null}
        />
        <Card name="Requests without a price" figure={bill ? count(bill.dataState.unpricedRequests) : null} />
        <Card name="GPU hours without a price" figure={bill ? decimal(bill.unpricedGpuHours, "GPU hours") : null} />
      </dl>
      <section class="panel" aria-label="Lines of the bill">
        <div class="tools">
          <h2>Lines</h2>
          <Choice
            label="A line for each"
            name="lines"
            options={[
              ["service", "Service"],
              ["model", "Model"],
              ["key", "API key"],
              ["provider", "Provider"],
              ["deployment", "Deployment"],
              ["category", "Category"],
              ["day", "Day"],
            ]}
          />
        </div>
        <Shown asked={asking.value} empty={({ account }) => (account?.bill.lines.length === 0 ? <Nothing bill={account.bill} /> : null)}>
          {(answer) =>
            answer.account ? (
              <Lines bill={answer.account.bill} before={answer.account.before.lines} by={by()} />
            ) : (
              <Failure message="There is no such account, or it is not yours." />
            )
          }
        </Shown>
      </section>
    </>
  );
}

function Nothing({ bill }: { bill: Bill }) {
  if (none(bill.dataState.unpricedRequests) && Number(bill.unpricedGpuHours) === 0) return <Empty>Nothing was used in this time: choose a longer range.</Empty>;
  return <Empty>Nothing that was used in this time has a price yet: set prices, and have it rated again.</Empty>;
}

function Lines({ bill: { lines: present, total, currency }, before, by }: { bill: Bill; before: readonly Line[]; by: By }) {
  const earlier = new Map(before.map((line) => [key(line), Number(line.fee)]));
  const lines = by === "day" ? present : [...present, ...ended(present, before)];
  const quantified = lines.some(({ quantity }) => quantity !== null);
  // A day is a small part of any month: days are compared with the one that cost most.
  const whole = by === "day" ? Math.max(...lines.map(({ fee }) => Number(fee)), 0) : Number(total);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Rows of the bill">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">{by === "day" ? "Day" : "Service"}</th>
            {by !== "day" && by !== "service" && <th scope="col">{{ model: "Model", key: "API key", provider: "Provider", deployment: "Deployment", category: "Category" }[by]}</th>}
            {quantified && <th scope="col" class="number">Quantity</th>}
            <th scope="col" class="number">Fee</th>
            <th scope="col" class="share">{by === "day" ? "Compared" : "Share"}</th>
            {by !== "day" && <th scope="col" class="number" title="against the period before">Change</th>}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={key(line)}>
              <th scope="row" class={by === "day" || by === "service" ? "first" : "second"}>
                {line.day ? <DayName start={Date.parse(line.day)} /> : line.service && SERVICES[line.service]}
              </th>
              {by !== "day" && by !== "service" && (
                <td class="name first" title={named(line, by)}>
                  <bdi>{named(line, by)}</bdi>
                </td>
              )}
              {quantified && <td class="number third">{line.quantity === null ? "–" : <Value figure={quantity(line.quantity, line.unit ?? "")} />}</td>}
              <td class="number fee first">
                <Value figure={money(line.fee, currency, 2)} />
              </td>
              <td class="share fourth">
                <Share part={Number(line.fee)} of={whole} told={by !== "day"} />
              </td>
              {by !== "day" && <ChangeCell figure={change(Number(line.fee), earlier.get(key(line)) ?? 0)} />}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A day, and whether it is all there: the range may cut it, and the last has perhaps not ended. */
function DayName({ start }: { start: number }) {
  const end = endOf(start, "DAY", zone.value);
  const whole = start >= range.value.from && end <= Math.min(range.value.to, now.value);
  return (
    <>
      {written(start, "DAY")}
      {!whole && <span class="badge">{partly(end)}</span>}
    </>
  );
}

function ChangeCell({ figure }: { figure: Figure | null }) {
  return (
    <td class="number second" title={figure?.exact}>
      {figure?.shown ?? "–"}
    </td>
  );
}

function Share({ part, of, told }: { part: number; of: number; told: boolean }) {
  const share = of > 0 ? (100 * part) / of : 0;
  return (
    <span class="part">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${share}%` }} />
      </span>
      {told && <span class="number" title={percent(share).exact}>{percent(Math.round(share * 10) / 10).shown}</span>}
    </span>
  );
}

/** Lines of the period before of which nothing is left: they cost nothing now, which is a change, too. */
function ended(present: readonly Line[], before: readonly Line[]): Line[] {
  const still = new Set(present.map(key));
  return before.filter((line) => !still.has(key(line)) && Number(line.fee) !== 0).map((line) => ({ ...line, fee: "0", quantity: line.quantity && "0" }));
}

const UNITS: Record<string, string> = { token: "tokens", gpu_hour: "GPU hours", image: "images", character: "characters", page: "pages", query: "queries", request: "requests", millisecond: "ms" };

function quantity(digits: string, unit: string): Figure {
  const figure = decimal(digits, unit);
  return { ...figure, shown: `${figure.shown} ${UNITS[unit] ?? unit}` };
}

function named(line: Line, by: Exclude<By, "service" | "day">): string {
  const names = {
    model: line.model,
    key: line.apiKey?.name,
    provider: line.provider,
    deployment: line.deployment?.name,
    category: line.category && (line.direction ? `${line.category} (${line.direction.toLowerCase()})` : "GPU time"),
  };
  return names[by] ?? "none";
}

function key({ service, model, apiKey, provider, deployment, direction, category, unit, day }: Line): string {
  return JSON.stringify([service, model, apiKey?.id, provider, deployment?.id, direction, category, unit, day]);
}
