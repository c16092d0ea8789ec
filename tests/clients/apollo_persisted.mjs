import { createHash } from "node:crypto";
import { HttpLink } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { asking } from "./apollo_asking.mjs";
import { demonstrate } from "./persisting.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

await demonstrate("ApolloUsage", (fetch, uri) => {
  const naming = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const [ask] = asking(naming.concat(new HttpLink({ uri, fetch })));
  return ask;
});
