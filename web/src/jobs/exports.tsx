import { Fragment } from "preact";
import { ask } from "../ask";
import { cancelExport, followExport, rowsOf, saveExport } from "../exports";
import { count } from "../figures";
import { graphql } from "../gql";
import type { ExportsQuery, ExportStateFragment } from "../gql/graphql";
import { clocked, exactly, written, zone } from "../time";
import { Empty } from "../ui/states";
import { Value } from "../ui/value";
import { type Kind, PAGE, useActing, useJobs } from "./list";
import { Listed } from "./listed";
import { State } from "./state";

const EXPORTS = graphql(`
  query Exports($account: ID, $first: Int!, $after: String, $contents: Boolean!) {
    account(id: $account) {
      id
      exports(first: $first, after: $after) {
        nodes {
          ...ExportState
          contents @include(if: $contents) {
            range {
              from
              to
            }
            timeZone
            interval
            groupBy
            models
            providers
            apiKeys
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

type Contents = NonNullable<NonNullable<ExportsQuery["account"]>["exports"]["nodes"][number]["contents"]>;

const FEW = 5; // names that are written out; there may be a thousand

// What a file holds never changes, and may be long: it is asked for once, and kept by the id of the export.
const contents = new Map<string, Contents>();

const KIND: Kind<ExportStateFragment> = {
  page: async (account, after, stop) => {
    const read = async (whole: boolean) => (await ask(EXPORTS, { account, first: PAGE, after, contents: whole }, stop)).account?.exports;
    const isFirst = contents.size === 0 || after !== null;
    let found = await read(isFirst);
    if (!isFirst && found?.nodes.some(({ id }) => !contents.has(id))) found = await read(true);
    for (const each of found?.nodes ?? []) if (each.contents) contents.set(each.id, each.contents);
    return found;
  },
  follow: followExport,
};

/** Those of the account, and what can be done with them. */
export function Exports() {
  const jobs = useJobs(KIND);
  const { failure, act } = useActing();
  return (
    <Listed
      jobs={jobs}
      name="Exports"
      failure={failure.value}
      empty={<Empty>No export yet. Make one in the section Routers.</Empty>}
      heads={
        <>
          <th scope="col">Asked for</th>
          <th scope="col">State</th>
          <th scope="col">What it holds</th>
          <th scope="col" class="number">Rows</th>
          <th scope="col">Kept until</th>
          <th scope="col">File</th>
        </>
      }
    >
      {(each) => <Row key={each.id} of={each} cancel={() => void act(cancelExport(each.id))} save={() => void act(saveExport(each.id))} />}
    </Listed>
  );
}

function Row({ of, cancel, save }: { of: ExportStateFragment; cancel: () => void; save: () => void }) {
  const at = Date.parse(of.createdAt);
  return (
    <tr>
      <th scope="row" class="time first" title={exactly(at)}>
        {clocked(at)}
      </th>
      <td class="second">
        <State state={of} cancel={cancel} name={`export of ${clocked(at)}`} />
      </td>
      <Holds of={contents.get(of.id)} />
      <td class="number second" data-unit={of.rowCount === null ? undefined : "rows"}>
        <Value figure={count(of.rowCount)} />
      </td>
      <td class={of.expiresAt ? "fourth" : "fourth wide"} data-before="Kept until">{of.expiresAt ? exactly(Date.parse(of.expiresAt)) : "–"}</td>
      <td class="fifth">
        {of.status === "COMPLETED" ? (
          <button type="button" class="link file" onClick={save}>
            {of.fileName}
          </button>
        ) : (
          <span>{of.fileName ?? of.format.toLowerCase()}</span>
        )}
      </td>
    </tr>
  );
}

/** The time, and what there is a row for each of; what it is narrowed to stands below, where it is: API keys by their ids, as in the file, for names change. */
function Holds({ of }: { of: Contents | undefined }) {
  if (!of) return <td class="name third">–</td>;
  const [from, to] = [of.range.from, of.range.to].map((each) => Date.parse(each)) as [number, number];
  const lists = { models: of.models, providers: of.providers, "API keys": of.apiKeys };
  const only = Object.entries(lists).flatMap(([name, values]) => (values ? [{ name, ...few(values) }] : []));
  const each = rowsOf(of.interval, of.groupBy);
  const rows = `${each ? `a row for each ${each}` : "one row"}${of.timeZone === zone.value ? "" : `, in ${of.timeZone}`}`;
  return (
    <td class="name third" title={[`${exactly(from)} to ${exactly(to)}`, rows, ...only.map(({ name, names, more }) => `${name}: ${names.join(", ")}${more}`)].join("\n")}>
      {written(from)} to {written(to)}
      <small>{rows}</small>
      {only.map(({ name, names, more }) => (
        <small key={name}>
          only {name}:{" "}
          {names.map((each, i) => (
            <Fragment key={i}>
              {i > 0 && ", "}
              <bdi>{each}</bdi>
            </Fragment>
          ))}
          {more}
        </small>
      ))}
    </td>
  );
}

function few(values: readonly (string | null)[]): { names: string[]; more: string } {
  const names = values.slice(0, FEW).map((each) => each ?? "none");
  return { names: names.length ? names : ["none of them"], more: values.length > FEW ? ` and ${values.length - FEW} more` : "" };
}
