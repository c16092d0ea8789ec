// What every client is asked to do, and where: the address and the token are the arguments of each program.
export const [, , url, token] = process.argv;
export const socketUrl = url.replace(/^http/, "ws");
export const authorization = `Bearer ${token}`;

const range = { from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z" };

export const usage = {
  query: "query Usage($range: TimeRange!) { account { routerUsage(range: $range) { totalRequests } } }",
  variables: { range },
};
export const exporting = {
  query: "mutation Export($input: ExportRouterUsageInput!) { exportRouterUsage(input: $input) { export { id } errors { message } } }",
  variables: { input: { range } },
};
export const following = (id) => ({
  query: "subscription Follow($id: ID!) { exportUpdated(id: $id) { status rowCount } }",
  variables: { id },
});

/** Have `ask` answer a query and make an export, and `follow` tell of it until it is over; what came of it goes to standard output. */
export async function demonstrate(ask, follow) {
  const { account } = await ask(usage);
  const made = await ask(exporting);
  const seen = [];
  for await (const { exportUpdated } of follow(following(made.exportRouterUsage.export.id))) seen.push(exportUpdated);
  const { totalRequests } = account.routerUsage;
  const { status, rowCount } = seen.at(-1);
  console.log(JSON.stringify({ totalRequests, status, rowCount }));
}

/** The values that `subscribe` hands to its sink, one by one, to its end. */
export async function* values(subscribe) {
  const waiting = [];
  let wake = () => {};
  const tell = (what) => (waiting.push(what), wake());
  const sink = {
    next: (value) => tell({ value }),
    error: (error) => tell({ error }),
    complete: () => tell({ done: true }),
  };
  subscribe(sink);
  for (;;) {
    while (waiting.length === 0) await new Promise((resolve) => (wake = resolve));
    const { value, error, done } = waiting.shift();
    if (error) throw error;
    if (done) return;
    yield value;
  }
}

/** The data of a result without errors. */
export function data(result) {
  const errors = result.errors ?? result.error;
  if (errors) throw new Error(JSON.stringify(errors));
  return result.data;
}
