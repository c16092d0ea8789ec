import { ask } from "../ask";
import { download } from "../download";
import { GONE } from "../exports";
import { count } from "../figures";
import { follow } from "../follow";
import { graphql } from "../gql";
import type { AuditStateFragment } from "../gql/graphql";
import { clocked, exactly, written } from "../time";
import { Empty } from "../ui/states";
import { Value } from "../ui/value";
import { type Kind, PAGE, useActing, useJobs } from "./list";
import { Listed } from "./listed";
import { State } from "./state";

graphql(`
  fragment AuditState on Audit {
    id
    status
    progress
    range {
      from
      to
    }
    eventsReplayed
    digest
    differenceCount
    error
    createdAt
  }
`);

const AUDITS = graphql(`
  query Audits($account: ID, $first: Int!, $after: String) {
    account(id: $account) {
      id
      audits(first: $first, after: $after) {
        nodes {
          ...AuditState
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

const FOLLOW = graphql(`
  subscription FollowAudit($id: ID!) {
    auditUpdated(id: $id) {
      ...AuditState
    }
  }
`);

const CANCEL = graphql(`
  mutation CancelAudit($id: ID!) {
    cancelAudit(id: $id) {
      errors {
        message
      }
    }
  }
`);

const FILE = graphql(`
  query AuditFile($id: ID!) {
    audit(id: $id) {
      downloadUrl
    }
  }
`);

const KIND: Kind<AuditStateFragment> = {
  page: async (account, after, stop) => (await ask(AUDITS, { account, first: PAGE, after }, stop)).account?.audits,
  follow: (id, next) => follow(FOLLOW, { id }, (answer) => next(answer.auditUpdated)),
};

async function cancel(id: string): Promise<string | null> {
  return (await ask(CANCEL, { id })).cancelAudit.errors[0]?.message ?? null;
}

async function save(id: string): Promise<string | null> {
  const url = (await ask(FILE, { id })).audit?.downloadUrl;
  if (!url) return GONE;
  download(url, "");
  return null;
}

/** Those of the account, and what can be done with them. */
export function Audits() {
  const jobs = useJobs(KIND);
  const { failure, act } = useActing();
  return (
    <Listed
      jobs={jobs}
      name="Audits"
      failure={failure.value}
      empty={<Empty>No audit yet. One replays the log, and compares every figure with what is shown.</Empty>}
      heads={
        <>
          <th scope="col">Asked for</th>
          <th scope="col">State</th>
          <th scope="col">Time that is audited</th>
          <th scope="col" class="number">Events replayed</th>
          <th scope="col" class="number">Differences</th>
          <th scope="col">Digest</th>
          <th scope="col">Result</th>
        </>
      }
    >
      {(each) => <Row key={each.id} of={each} cancel={() => void act(cancel(each.id))} save={() => void act(save(each.id))} />}
    </Listed>
  );
}

function Row({ of, cancel, save }: { of: AuditStateFragment; cancel: () => void; save: () => void }) {
  const [at, from, to] = [of.createdAt, of.range.from, of.range.to].map((each) => Date.parse(each)) as [number, number, number];
  return (
    <tr>
      <th scope="row" class="time first" title={exactly(at)}>
        {clocked(at)}
      </th>
      <td class="second">
        <State state={of} cancel={cancel} name={`audit of ${clocked(at)}`} />
      </td>
      <td class="third" title={`${exactly(from)} to ${exactly(to)}`}>
        {written(from)} to {written(to)}
      </td>
      <td class="number second" data-unit="events">
        <Value figure={count(of.eventsReplayed)} />
      </td>
      <td class="number third" data-unit={of.differenceCount === null ? undefined : "differences"}>
        <Value figure={count(of.differenceCount)} />
      </td>
      <td class="fourth">{of.digest && <code title={of.digest}>{of.digest.slice(0, 12)}…</code>}</td>
      <td class="fourth end">
        {of.digest && (
          <button type="button" onClick={save}>
            Download
          </button>
        )}
      </td>
    </tr>
  );
}
