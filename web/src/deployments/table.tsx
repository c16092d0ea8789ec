import { useAnswer } from "../ask";
import { count, decimal, type Figure, money, percent } from "../figures";
import type { DeploymentOrderField, DeploymentTableQuery } from "../gql/graphql";
import { address, choices, here } from "../place";
import { asked, range } from "../time";
import { NameCell, NumberCell } from "../ui/cell";
import { Link } from "../ui/link";
import { Pager } from "../ui/pager";
import { type Fields, order, Sorted } from "../ui/sorted";
import { Empty, Shown } from "../ui/states";
import { Value } from "../ui/value";
import { filter, narrow, STATUSES, TYPES } from "./filters";
import { TABLE } from "./questions";

const PAGE = 50;
const FIELDS = ["NAME", "REQUESTS", "DURATION", "TOKENS", "GPU_HOURS", "FEE"] as const satisfies Fields<DeploymentOrderField>;
const UPWARDS = "ASC"; // names are read from A to Z

type Page = NonNullable<DeploymentTableQuery["account"]>["deploymentUsage"]["deployments"];
type Row = Page["nodes"][number];

export function DeploymentTable() {
  const page = useAnswer(TABLE, () => ({
    account: choices.value.account ?? null,
    range: asked(range.value),
    filter: filter.value,
    order: order(FIELDS, UPWARDS),
    first: PAGE,
    after: choices.value.after ?? null,
  }));
  const total = page.value.answer?.account?.deploymentUsage.deployments.totalCount;
  return (
    <section class="panel" aria-label="Deployments">
      <div class="tools">
        <h2>
          Deployments and fine-tunings <small>{total !== undefined && count(total).shown}</small>
        </h2>
      </div>
      <Shown asked={page.value} empty={({ account }) => (account?.deploymentUsage.deployments.nodes.length ? null : <Nothing />)}>
        {({ account }) => account && <Rows page={account.deploymentUsage.deployments} currency={account.currency} />}
      </Shown>
    </section>
  );
}

function Nothing() {
  return <Empty>No deployment existed in this time{filter.value ? ", with what it is narrowed to: take a filter back, or choose a longer range." : ": choose a longer range."}</Empty>;
}

function Rows({ page, currency }: { page: Page; currency: string }) {
  const column = { fields: FIELDS, first: UPWARDS } as const;
  return (
    <>
      <div class="scroll" tabIndex={0} role="group" aria-label="Rows of deployments">
        <table class="stacked">
          <thead>
            <tr>
              <Sorted {...column} field="NAME" name="Name" />
              <th scope="col" class="wide">Type</th>
              <th scope="col" class="wide">Model</th>
              <th scope="col" class="wide">Status</th>
              <Sorted {...column} field="REQUESTS" name="Requests" number />
              <Sorted {...column} field="DURATION" name="Duration" number />
              <Sorted {...column} field="TOKENS" name="Tokens" number className="wide" />
              <Sorted {...column} field="GPU_HOURS" name="GPU hours" number />
              <th scope="col" class="number wide">Utilization</th>
              <Sorted {...column} field="FEE" name="Fee" number />
            </tr>
          </thead>
          <tbody>
            {page.nodes.map((row) => (
              <OneRow key={row.deployment.id} row={row} currency={currency} />
            ))}
          </tbody>
        </table>
      </div>
      <Pager size={PAGE} page={page.pageInfo} />
    </>
  );
}

function OneRow({ row, currency }: { row: Row; currency: string }) {
  const { deployment } = row;
  const requests = count(row.requests);
  return (
    <tr>
      <th scope="row" class="name first">
        <Link to={here({ deployment: deployment.id })} title={row.name}>
          <bdi>{row.name}</bdi>
        </Link>
      </th>
      <td class="wide">{TYPES[row.type]}</td>
      {row.model ? (
        <td class="name wide">
          <button type="button" class="link" title={`Only ${row.model}`} onClick={() => narrow(row.model!)}>
            <bdi>{row.model}</bdi>
          </button>
        </td>
      ) : (
        <NameCell text={null} unknown="unknown" className="wide" />
      )}
      <td class="second">
        <span class={`status ${deployment.status.toLowerCase()}`}>{STATUSES[deployment.status]}</span>
      </td>
      <td class="number second" data-unit={Number(row.requests) === 1 ? "request" : "requests"}>
        <Link to={address("history", { ...asked(range.value), deployments: JSON.stringify([deployment.key]) })} label={`${requests.exact} requests: show them`}>
          <Value figure={requests} />
        </Link>
      </td>
      <NumberCell figure={{ shown: row.duration.text, exact: `${row.duration.seconds} s` }} className="left third" />
      <NumberCell figure={count(row.tokens)} className="left fourth" unit="tokens" />
      <NumberCell figure={decimal(row.gpuHours, "GPU hours")} className="third" unit="GPU hours" />
      <NumberCell figure={percent(row.utilization)} className="fourth" unit="utilized" />
      <NumberCell figure={feeOf(row, currency)} className="first" />
    </tr>
  );
}

function feeOf({ fee, unpricedGpuHours }: Row, currency: string): Figure {
  const known = money(fee, currency, 2);
  if (Number(unpricedGpuHours) === 0) return known;
  return { shown: `${known.shown} *`, exact: `${known.exact}; ${unpricedGpuHours} GPU hours have no price` };
}
