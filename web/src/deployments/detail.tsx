import { useAnswer } from "../ask";
import type { LivedFragment } from "../gql/graphql";
import { clocked, exactly } from "../time";
import { Events } from "../ui/events";
import { Fact, Instant, Text } from "../ui/fact";
import { Sheet } from "../ui/sheet";
import { Empty, Shown } from "../ui/states";
import { STATUSES, TYPES } from "./filters";
import { DETAIL } from "./questions";

export function DeploymentDetail({ id }: { id: string }) {
  const asking = useAnswer(DETAIL, () => ({ id }));
  const node = asking.value.answer?.node;
  return (
    <Sheet name="deployment" title={node && "key" in node ? <bdi>{node.name}</bdi> : "Deployment"}>
      <Shown asked={asking.value} empty={({ node }) => (node && "key" in node ? null : <Empty>There is no such deployment, or it is not yours.</Empty>)}>
        {({ node }) => node && "key" in node && <Life of={node} />}
      </Shown>
    </Sheet>
  );
}

function Life({ of }: { of: LivedFragment }) {
  return (
    <>
      <dl class="facts">
        <Fact name="Key">
          <Text>{of.key}</Text>
        </Fact>
        <Fact name="Type">{TYPES[of.type]}</Fact>
        <Fact name="Model">
          <Text>{of.model}</Text>
        </Fact>
        <Fact name="Status, now">{STATUSES[of.status]}</Fact>
        <Fact name="GPUs, now">{of.allocatedGpus ?? "nobody told how many"}</Fact>
        <Fact name="GPUs, as created">{of.gpus}</Fact>
        <Fact name="Type of GPU">
          <Text>{of.gpuType}</Text>
        </Fact>
        <Fact name="Created">
          <Instant of={of.createdAt} written={exactly} />
        </Fact>
        <Fact name="Ran first">
          <Instant of={of.startedAt} written={exactly} />
        </Fact>
        <Fact name="Stopped">
          <Instant of={of.stoppedAt} written={exactly} />
        </Fact>
      </dl>
      {of.contradictions.nodes.length > 0 && (
        <>
          <h3>Contradictions</h3>
          <ul class="events">
            {of.contradictions.nodes.map(({ source, eventId, time, type, reading }) => (
              <li key={`${source} ${eventId}`}>
                <b>{type}</b> <Instant of={time} written={clocked} />, told by <Text>{source}</Text> as <Text>{eventId}</Text>: {reading}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>What was told of it</h3>
      <Events events={of.events.nodes} />
      {of.events.pageInfo.hasNextPage && <p class="note">These are the first 100 events.</p>}
    </>
  );
}
