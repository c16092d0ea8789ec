// Subscriptions are server-sent events, without anything else.
import { Client, fetchExchange } from "@urql/core";
import { authorization, demonstrate, url } from "./asking.mjs";
import { asking } from "./urql_asking.mjs";

const client = new Client({
  url,
  exchanges: [fetchExchange],
  fetchOptions: { headers: { authorization } },
  fetchSubscriptions: true,
  preferGetMethod: false,
});

await demonstrate(...asking(client));
