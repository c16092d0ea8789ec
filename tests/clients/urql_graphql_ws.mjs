import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { authorization, demonstrate, socketUrl, url } from "./asking.mjs";
import { asking } from "./urql_asking.mjs";

const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization } });
const forwardSubscription = ({ query, variables }) => ({
  subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
});
const client = new Client({
  url,
  exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })],
  fetchOptions: { headers: { authorization } },
  preferGetMethod: false,
});

await demonstrate(...asking(client));
await socket.dispose();
