import { graphql } from "../gql";
import type { ToldEventFragment } from "../gql/graphql";
import { clocked, exactly } from "../time";

graphql(`
  fragment ToldEvent on Event {
    position
    type
    version
    time
    recordedAt
    source
    eventId
    data
  }
`);

/** What the log holds of something: each event as it was told, whoever told it. */
export function Events({ events }: { events: readonly ToldEventFragment[] }) {
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={event.position}>
          <b>{event.type}</b> <time title={exactly(Date.parse(event.time))}>{clocked(Date.parse(event.time))}</time>
          <Told event={event} />
        </li>
      ))}
    </ol>
  );
}

/** One event, folded up. */
export function Told({ event, summary = "What was told" }: { event: ToldEventFragment; summary?: string }) {
  return (
    <details>
      <summary>{summary}</summary>
      <dl class="facts">
        <dt>Recorded</dt>
        <dd>{exactly(Date.parse(event.recordedAt))}</dd>
        <dt>Source</dt>
        <dd>
          <bdi>{event.source}</bdi>
        </dd>
        <dt>Event</dt>
        <dd>
          <bdi>{event.eventId}</bdi>, version {event.version}
        </dd>
        <dt>Position</dt>
        <dd>
          <code class="cut" title={event.position}>
            {event.position}
          </code>
        </dd>
      </dl>
      <pre tabIndex={0} role="group" aria-label={`Data of ${event.type}`}>{JSON.stringify(event.data, null, 2)}</pre>
    </details>
  );
}
