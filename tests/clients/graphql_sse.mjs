import { createClient } from "graphql-sse";
import { authorization, data, demonstrate, url } from "./asking.mjs";

const client = createClient({ url, headers: { authorization } });

async function* follow(operation) {
  for await (const result of client.iterate(operation)) yield data(result);
}
async function ask(operation) {
  for await (const answer of follow(operation)) return answer;
}

await demonstrate(ask, follow);
client.dispose();
