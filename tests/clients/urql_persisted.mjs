import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { demonstrate } from "./persisting.mjs";
import { asking } from "./urql_asking.mjs";

await demonstrate("UrqlUsage", (fetch, url) => {
  const naming = persistedExchange({ preferGetForPersistedQueries: true });
  const [ask] = asking(new Client({ url, fetch, exchanges: [naming, fetchExchange], preferGetMethod: false }));
  return ask;
});
