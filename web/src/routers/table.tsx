import { useSignal } from "@preact/signals";
import { useAnswer } from "../ask";
import { endOf, type Width } from "../calendar";
import { count, duration, money, none, percent, rate } from "../figures";
import type { RouterDimension, PriceDirection, RouterOrderField, RouterTableQuery } from "../gql/graphql";
import { address, choices, chosen } from "../place";
import { asked, exactly, partly, range, written, zone } from "../time";
import { NumberCell } from "../ui/cell";
import { Choice } from "../ui/choice";
import { Link } from "../ui/link";
import { Pager } from "../ui/pager";
import { type Fields, order, Sorted } from "../ui/sorted";
import { Empty, Shown } from "../ui/states";
import { Value } from "../ui/value";
import { filter, narrow } from "./filters";
import { TABLE } from "./questions";

const PAGE = 50;

type Page = NonNullable<RouterTableQuery["account"]>["routerUsage"]["buckets"];
type Bucket = Page["nodes"][number];
type Factor = Bucket["input"][number];

export const GROUPS: Record<string, readonly RouterDimension[]> = {
  both: ["MODEL", "API_KEY"],
  model: ["MODEL"],
  key: ["API_KEY"],
  provider: ["PROVIDER"],
};
export const grouping = () => chosen("group", ["both", "model", "key", "provider"]);
export const interval = () => chosen<Width>("per", ["HOUR", "DAY", "WEEK", "MONTH", "QUARTER_HOUR"]);

const FIELDS = ["TIME", "REQUESTS", "TOTAL_TOKENS", "TOTAL_FEE", "ERROR_COUNT", "AVERAGE_LATENCY"] as const satisfies Fields<RouterOrderField>;

export function UsageTable() {
  const page = useAnswer(TABLE, () => ({
    account: choices.value.account ?? null,
    range: asked(range.value),
    filter: filter.value,
    interval: interval(),
    zone: zone.value,
    groupBy: [...GROUPS[grouping()]!],
    order: order(FIELDS),
    first: PAGE,
    after: choices.value.after ?? null,
  }));
  const total = page.value.answer?.account?.routerUsage.buckets.totalCount;
  return (
    <section class="panel" aria-label="Usage, in rows">
      <div class="tools">
        <h2>
          Usage <small>{total && `${count(total).shown} rows`}</small>
        </h2>
        <Choice label="A row for each" name="per" options={[["HOUR", "Hour"], ["DAY", "Day"], ["WEEK", "Week"], ["MONTH", "Month"]]} />
        <Choice label="And for each" name="group" options={[["both", "Model and key"], ["model", "Model"], ["key", "API key"], ["provider", "Provider"]]} />
      </div>
      <Shown asked={page.value} empty={({ account }) => (account?.routerUsage.buckets.nodes.length ? null : <Empty>There are no rows in this time: choose a longer range, or fewer filters.</Empty>)}>
        {({ account }) => account && <Rows page={account.routerUsage.buckets} currency={account.currency} />}
      </Shown>
    </section>
  );
}

function Rows({ page, currency }: { page: Page; currency: string }) {
  const group = grouping();
  const shows = { model: group !== "key" && group !== "provider", key: group === "both" || group === "key", provider: group === "provider" };
  return (
    <>
      <div class="scroll" tabIndex={0} role="group" aria-label="Rows of usage" data-narrows>
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col" class="mark">
                <span class="hidden">Breakdown</span>
              </th>
              <Sorted fields={FIELDS} field="TIME" name="Time" />
              {shows.model && <th scope="col">Model</th>}
              {shows.key && <th scope="col">API key</th>}
              {shows.provider && <th scope="col">Provider</th>}
              <Sorted fields={FIELDS} field="REQUESTS" name="Requests" number />
              <Sorted fields={FIELDS} field="TOTAL_TOKENS" name="Tokens" number />
              <Sorted fields={FIELDS} field="AVERAGE_LATENCY" name="Latency" number className="wide" />
              <th scope="col" class="wide number">Success</th>
              <Sorted fields={FIELDS} field="ERROR_COUNT" name="Errors" number className="wide" />
              <Sorted fields={FIELDS} field="TOTAL_FEE" name="Fee" number />
              <th scope="col" class="wide number">Throughput</th>
            </tr>
          </thead>
          <tbody>
            {page.nodes.map((bucket) => (
              <Row key={`${bucket.time} ${bucket.model} ${bucket.apiKey?.id} ${bucket.provider}`} bucket={bucket} shows={shows} currency={currency} />
            ))}
          </tbody>
        </table>
      </div>
      <Pager size={PAGE} page={page.pageInfo} />
    </>
  );
}

function Row({ bucket, shows, currency }: { bucket: Bucket; shows: Record<"model" | "key" | "provider", boolean>; currency: string }) {
  const open = useSignal(false);
  const time = Date.parse(bucket.time ?? "");
  const fee = money(bucket.totalFee, currency, 4);
  return (
    <>
      <tr>
        <td class="mark">
          <button type="button" class="unfold" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
            <span class="hidden">Input and output</span>
            <span aria-hidden="true">{open.value ? "▾" : "▸"}</span>
          </button>
        </td>
        <th scope="row" class="time second" title={exactly(time)}>
          {written(time, interval())}
          {bucket.partial && <span class="badge">{partly(endOf(time, interval(), zone.value))}</span>}
        </th>
        {shows.model && <Name text={bucket.model} unknown="unknown" line="first" onClick={(name) => narrow("models", name)} />}
        {shows.key && (
          <Name
            text={bucket.apiKey?.name}
            unknown="without a key"
            line={shows.model ? "third" : "first"}
            onClick={() => bucket.apiKey && narrow("apiKeys", bucket.apiKey.id)}
          />
        )}
        {shows.provider && <Name text={bucket.provider} unknown="unknown" line="first" onClick={(name) => narrow("providers", name)} />}
        <td class="number second" data-unit={Number(bucket.requests) === 1 ? "request" : "requests"}>
          <Link to={requestsOf(bucket)} label={`${count(bucket.requests).exact} requests: show them`}>
            <Value figure={count(bucket.requests)} />
          </Link>
        </td>
        <NumberCell figure={count(bucket.totalTokens)} className="third" unit="tokens" />
        <NumberCell figure={duration(bucket.averageLatency)} className="wide" />
        <NumberCell figure={percent(bucket.successRate)} className="wide" />
        <NumberCell figure={count(bucket.errorCount)} className="wide" />
        <NumberCell className="first" figure={none(bucket.unpricedRequests) ? fee : { shown: `${fee.shown} *`, exact: `${fee.exact}; ${bucket.unpricedRequests} requests have no price yet` }} />
        <NumberCell figure={rate(bucket.throughput)} className="wide" />
      </tr>
      {open.value && (
        <tr class="unfolded">
          <td colSpan={20}>
            <p class="narrow">
              Latency <Value figure={duration(bucket.averageLatency)} />, success <Value figure={percent(bucket.successRate)} />, errors <Value figure={count(bucket.errorCount)} />, throughput{" "}
              <Value figure={rate(bucket.throughput)} />
            </p>
            <Breakdown name="Input" direction="INPUT" bucket={bucket} factors={bucket.input} currency={currency} />
            <Breakdown name="Output" direction="OUTPUT" bucket={bucket} factors={bucket.output} currency={currency} />
          </td>
        </tr>
      )}
    </>
  );
}

/** The address of the requests that make a bucket, or one line of it: those of the same time, with the same filters. */
function requestsOf(bucket: Bucket, line?: string): string {
  const start = Date.parse(bucket.time ?? "");
  const end = endOf(start, interval(), zone.value);
  const group = GROUPS[grouping()]!;
  const lists = {
    ...filter.value,
    ...(group.includes("MODEL") && { models: [bucket.model ?? null] }),
    ...(group.includes("PROVIDER") && { providers: [bucket.provider ?? null] }),
    ...(group.includes("API_KEY") && { apiKeys: [bucket.apiKey?.id ?? null] }),
  };
  return address("history", {
    ...Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, JSON.stringify(values)])),
    ...(line && { line }),
    channel: "ROUTER",
    from: new Date(Math.max(start, range.value.from)).toISOString(),
    to: new Date(Math.min(end, range.value.to)).toISOString(),
  });
}

interface Named {
  text: string | null | undefined;
  unknown: string;
  line: "first" | "third"; // where it stands on a narrow screen
  onClick: (name: string) => void;
}

function Name({ text, unknown, line, onClick }: Named) {
  return (
    <td class={`name ${line}`} title={text ?? unknown}>
      {text ? (
        <button type="button" class="link" title={`Only ${text}`} onClick={() => onClick(text)}>
          <bdi>{text}</bdi>
        </button>
      ) : (
        <i>{unknown}</i>
      )}
    </td>
  );
}

interface Side {
  name: string;
  direction: PriceDirection;
  bucket: Bucket;
  factors: readonly Factor[];
  currency: string;
}

function Breakdown({ name, direction, bucket, factors, currency }: Side) {
  return (
    <table class="breakdown">
      <caption>{name}</caption>
      <thead>
        <tr>
          <th scope="col">Factor</th>
          <th scope="col" class="number">Count</th>
          <th scope="col">Unit</th>
          <th scope="col" class="number">Fee</th>
        </tr>
      </thead>
      <tbody>
        {factors.map(({ category, label, count: quantity, unit, fee }) => (
          <tr key={`${category} ${unit}`}>
            <th scope="row">{label}</th>
            <td class="number">
              <Link to={requestsOf(bucket, JSON.stringify([direction, category, unit]))} label={`${count(quantity).exact}: show the requests with ${label}`}>
                <Value figure={count(quantity)} />
              </Link>
            </td>
            <td>{unit}</td>
            <NumberCell figure={money(fee, currency, 4)} />
          </tr>
        ))}
        {factors.length === 0 && (
          <tr>
            <td colSpan={4}>Nothing.</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
