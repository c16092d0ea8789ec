import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { type Figure, count, milliseconds, money } from "../figures";
import type { ListedFragment } from "../gql/graphql";
import { here } from "../place";
import { clocked, exactly, range, zone } from "../time";
import { NameCell, NumberCell } from "../ui/cell";
import { Link } from "../ui/link";
import { Sorted } from "../ui/sorted";
import { precise } from "../ui/value";
import { CHANNELS } from "./filters";
import { FIELDS, type List } from "./requests";

const MAX_ORDERED_DAYS = 31;
const HOUR = 3_600_000;
const COLUMNS = 18;
const FAR = "2000px"; // more than More looks ahead

export function Rows({ list }: { list: List }) {
  const long = range.value.to - range.value.from > (MAX_ORDERED_DAYS * 24 + 1) * HOUR;
  const unable = long ? `Choose a range of ${MAX_ORDERED_DAYS} days at most to order by this` : null;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Rows of requests">
      <table class={`stacked requests ${precise.value ? "precise" : ""}`}>
        <thead>
          <tr>
            <Sorted fields={FIELDS} field="TIMESTAMP" name="Time" className="broad" />
            <th scope="col">Status</th>
            <th scope="col" class="broadest">Model</th>
            <th scope="col" class="wide middle">Version</th>
            <th scope="col" class="wide middle">Provider</th>
            <th scope="col" class="wide middle">API key</th>
            <th scope="col" class="wide number">Input</th>
            <th scope="col" class="wide number">Output</th>
            <Sorted fields={FIELDS} field="TOTAL_TOKENS" name="Tokens" number unable={unable} />
            <Sorted fields={FIELDS} field="TIME_TO_FIRST_TOKEN" name="First token" number className="wide middle" unable={unable} />
            <Sorted fields={FIELDS} field="LATENCY" name="Latency" number unable={unable} />
            <Sorted fields={FIELDS} field="FEE" name="Fee" number className="middle" unable={unable} />
            <th scope="col" class="wide middle">Type</th>
            <th scope="col" class="wide middle">Technology</th>
            <th scope="col" class="wide broad">Served by</th>
            <th scope="col" class="wide number">Gateway</th>
            <th scope="col" class="wide broadest">Request</th>
            <th scope="col" class="wide broadest">Error</th>
          </tr>
        </thead>
        {list.pages.map((page) => (
          <Page key={page[0]?.id} requests={page} currency={list.currency} zone={zone.value} />
        ))}
      </table>
    </div>
  );
}

/** The rows of a page, made once. Far from where somebody looks, a page is but a gap of its height, so that a long list stays quick. */
function Page({ requests, currency, zone }: { requests: readonly ListedFragment[]; currency: string; zone: string }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const gap = useSignal<number | null>(null); // its height, in pixels
  const rows = useMemo(() => requests.map((request) => <Row key={request.id} request={request} currency={currency} />), [requests, currency, zone]);
  useEffect(() => {
    const near = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) gap.value = null;
        else if (entry && gap.peek() === null && !body.current?.contains(document.activeElement)) gap.value = entry.boundingClientRect.height;
      },
      { rootMargin: FAR },
    );
    if (body.current) near.observe(body.current);
    return () => near.disconnect();
  }, []);
  return <tbody ref={body}>{gap.value === null ? rows : <Gap height={gap.value} />}</tbody>;
}

function Gap({ height }: { height: number }) {
  const cell = useRef<HTMLTableCellElement>(null);
  useLayoutEffect(() => {
    if (cell.current) cell.current.style.height = `${height}px`;
  }, [height]);
  return (
    <tr>
      <td ref={cell} class="gap" colSpan={COLUMNS} />
    </tr>
  );
}

function Row({ request, currency }: { request: ListedFragment; currency: string }) {
  const time = Date.parse(request.timestamp);
  return (
    <tr class={request.voided ? "voided" : ""}>
      <th scope="row" class="second">
        <Link to={here({ request: request.id })} title={exactly(time)}>
          {clocked(time)}
        </Link>
      </th>
      <td class="third">{request.voided ? "voided" : <Status of={request} />}</td>
      <NameCell text={request.model} className="first" />
      <NameCell text={request.modelVersion} className="wide" />
      <NameCell text={request.provider} className="wide" />
      <NameCell text={request.apiKey?.name} className="wide" />
      <NumberCell figure={count(request.inputTokens)} className="wide" />
      <NumberCell figure={count(request.outputTokens)} className="wide" />
      <NumberCell figure={count(request.totalTokens)} className="third" unit={request.totalTokens === null ? undefined : "tokens"} />
      <NumberCell figure={milliseconds(request.timeToFirstToken)} className="wide" />
      <NumberCell figure={milliseconds(request.latency)} className="second" />
      <NumberCell figure={feeOf(request, currency)} className="first" />
      <NameCell text={request.requestType} className="wide" />
      <NameCell text={request.technology} className="wide" />
      <NameCell text={request.deployment?.name ?? CHANNELS[request.channel]} className="wide" />
      <NumberCell figure={milliseconds(request.gatewayLatency)} className="wide" />
      <NameCell text={request.requestId} className="wide" />
      <NameCell text={request.errorMessage} className="wide" />
    </tr>
  );
}

/** How the request ended, in a word; a colour says it again. */
export function Status({ of: { statusCode, errorMessage } }: { of: ListedFragment }) {
  const bad = statusCode === null ? errorMessage !== null : statusCode >= 400;
  return <span class={`status ${bad ? "failed" : "succeeded"}`}>{statusCode ?? (bad ? "error" : "ok")}</span>;
}

/** Requests to deployments have no fee of their own. */
export function feeOf({ fee, channel }: ListedFragment, currency: string): Figure {
  if (fee === null && channel === "DEPLOYMENT") return { shown: "–", exact: "paid by GPU time" };
  return money(fee, currency, 4);
}
