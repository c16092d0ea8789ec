// Exports and audits of the account, with how far they are, and what became of them.
import { ask } from "../ask";
import { graphql } from "../gql";
import { choices } from "../place";
import { asked, range } from "../time";
import { Audits } from "./audits";
import { Exports } from "./exports";
import { useActing, usePolling } from "./list";

const START = graphql(`
  mutation StartAudit($input: StartAuditInput!) {
    startAudit(input: $input) {
      errors {
        message
      }
    }
  }
`);

async function startAudit(): Promise<string | null> {
  const input = { accountId: choices.value.account ?? null, range: asked(range.value) };
  return (await ask(START, { input })).startAudit.errors[0]?.message ?? null;
}

export function Jobs() {
  const { failure, act } = useActing();
  const account = choices.value.account;
  usePolling();
  return (
    <>
      <div class="heading">
        <h1>Exports and audits</h1>
        <button type="button" class="primary" onClick={() => void act(startAudit())}>
          Audit the time that is shown
        </button>
      </div>
      {failure.value && (
        <p class="failed" role="alert">
          {failure.value}
        </p>
      )}
      <Audits key={`audits ${account}`} />
      <Exports key={`exports ${account}`} />
    </>
  );
}
