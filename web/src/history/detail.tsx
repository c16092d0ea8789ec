import { useAnswer } from "../ask";
import { count, milliseconds, money } from "../figures";
import type { RatedFragment } from "../gql/graphql";
import { choices } from "../place";
import { exactly } from "../time";
import { Events, Told } from "../ui/events";
import { Fact, Instant, Text } from "../ui/fact";
import { Sheet } from "../ui/sheet";
import { Empty, Shown } from "../ui/states";
import { Value } from "../ui/value";
import { CHANNELS } from "./filters";
import { DETAIL } from "./questions";
import { Status } from "./rows";

type Line = RatedFragment["ratedLines"][number];

export function RequestDetail({ id }: { id: string }) {
  const asking = useAnswer(DETAIL, () => ({ id, account: choices.value.account ?? null }));
  return (
    <Sheet name="request" title="Request">
      <Shown asked={asking.value} empty={({ node }) => (node && "requestId" in node ? null : <Empty>There is no such request, or it is not yours.</Empty>)}>
        {({ node, account }) =>
          node &&
          "requestId" in node && (
            <>
              <Facts of={node} />
              <Fee of={node} currency={account?.currency ?? "USD"} />
              <h3>In the log</h3>
              <Events events={node.events} />
            </>
          )
        }
      </Shown>
    </Sheet>
  );
}

function Facts({ of }: { of: RatedFragment }) {
  return (
    <dl class="facts">
      <Fact name="Time">
        <Instant of={of.timestamp} written={exactly} />
      </Fact>
      <Fact name="Request">
        <Text>{of.requestId}</Text>
      </Fact>
      <Fact name="Reported by">
        <Text>{of.source}</Text>, as <Text>{of.eventId}</Text>
      </Fact>
      <Fact name="Version of the report">
        {of.version}
        {of.voided && <b> (voided: it counts in no figure)</b>}
      </Fact>
      <Fact name="Model">
        <Text>{of.model}</Text>
      </Fact>
      <Fact name="Version">
        <Text>{of.modelVersion}</Text>
      </Fact>
      <Fact name="Type">
        <Text>{of.requestType}</Text>
      </Fact>
      <Fact name="Technology">
        <Text>{of.technology}</Text>
      </Fact>
      <Fact name="Provider">
        <Text>{of.provider}</Text>
      </Fact>
      <Fact name="Tier">
        <Text>{of.serviceTier}</Text>
      </Fact>
      <Fact name="API key">{of.apiKey && <KeyName {...of.apiKey} />}</Fact>
      <Fact name="Served by">{of.deployment ? <Text>{of.deployment.name}</Text> : CHANNELS[of.channel]}</Fact>
      <Fact name="Input tokens">
        <Value figure={count(of.inputTokens)} />
      </Fact>
      <Fact name="Output tokens">
        <Value figure={count(of.outputTokens)} />
      </Fact>
      <Fact name="Tokens">
        <Value figure={count(of.totalTokens)} />
      </Fact>
      <Fact name="First token">
        <Value figure={milliseconds(of.timeToFirstToken)} />
      </Fact>
      <Fact name="Latency">
        <Value figure={milliseconds(of.latency)} />
      </Fact>
      <Fact name="In the gateway">
        <Value figure={milliseconds(of.gatewayLatency)} />
      </Fact>
      <Fact name="Status">
        <Status of={of} />
      </Fact>
      <Fact name="Error">
        <Text>{of.errorMessage}</Text>
      </Fact>
    </dl>
  );
}

function KeyName({ id, name }: { id: string; name: string }) {
  return (
    <>
      <Text>{name}</Text>
      {name !== id && (
        <>
          {" "}
          (<Text>{id}</Text>)
        </>
      )}
    </>
  );
}

/** How the fee came about, line by line: quantity times unit price, exactly. */
function Fee({ of, currency }: { of: RatedFragment; currency: string }) {
  return (
    <>
      <h3>Fee</h3>
      {of.channel === "DEPLOYMENT" && <p class="note">Requests to deployments are paid by GPU time: they have no fee of their own.</p>}
      {of.ratedLines.length === 0 ? (
        <p class="note">Nobody told what went in or came out.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="Fee, line by line">
          <table>
            <thead>
              <tr>
                <th scope="col">Line</th>
                <th scope="col" class="number">Quantity</th>
                <th scope="col" class="number">× unit price</th>
                <th scope="col" class="number">= fee</th>
              </tr>
            </thead>
            <tbody>
              {of.ratedLines.map((line) => (
                <LineRow key={`${line.direction} ${line.category} ${line.unit}`} line={line} currency={currency} />
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row" colSpan={3}>
                  Fee of the request
                </th>
                <td class="number">{of.fee === null ? <Value figure={money(null, currency)} /> : `${of.fee} ${currency}`}</td>
              </tr>
            </tfoot>
          </table>
        </div>
      )}
      {of.fee === null && of.channel === "ROUTER" && of.ratedLines.length > 0 && <p class="note">A line has no price yet, so the fee is not known. It is once a price is set and the request is rated again.</p>}
      {of.reportedCost !== null && <p class="note">Its reporter thinks it costs {of.reportedCost} {currency}: to compare with, never billed.</p>}
    </>
  );
}

function LineRow({ line, currency }: { line: Line; currency: string }) {
  return (
    <>
      <tr>
        <th scope="row">
          {line.direction === "INPUT" ? "In" : "Out"}: <bdi>{line.label}</bdi>
        </th>
        <td class="number">
          {count(line.quantity).exact} {line.unit}
        </td>
        <td class="number">{line.unitPrice ?? "–"}</td>
        <td class="number">{line.fee === null ? "–" : `${line.fee} ${currency}`}</td>
      </tr>
      {line.price && (
        <tr class="under">
          <td colSpan={4}>
            <Told event={line.price} summary="The price that it took" />
          </td>
        </tr>
      )}
    </>
  );
}
