import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { authorization, data, demonstrate, socketUrl } from "./asking.mjs";

const client = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization } });

async function* follow(operation) {
  for await (const result of client.iterate(operation)) yield data(result);
}
async function ask(operation) {
  for await (const answer of follow(operation)) return answer;
}

await demonstrate(ask, follow);
await client.dispose();
