// How urql asks and follows, whatever its exchanges are.
import { data, values } from "./asking.mjs";

export const asking = (client) => [
  async ({ query, variables }) => {
    const kind = query.startsWith("mutation") ? "mutation" : "query";
    return data(await client[kind](query, variables).toPromise());
  },
  async function* ({ query, variables }) {
    const subscribe = (sink) =>
      client.subscription(query, variables).subscribe((result) => {
        sink.next(result);
        if (!result.hasNext) sink.complete(); // urql has no other word for the end
      });
    for await (const result of values(subscribe)) yield data(result);
  },
];
