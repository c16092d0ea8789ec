// How Apollo Client asks and follows, whatever its links are.
import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import { data, values } from "./asking.mjs";

export const asking = (link) => {
  const client = new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: "no-cache" } } });
  return [
    async ({ query, variables }) => {
      const document = gql(query);
      const answer = query.startsWith("mutation")
        ? client.mutate({ mutation: document, variables })
        : client.query({ query: document, variables });
      return data(await answer);
    },
    async function* ({ query, variables }) {
      const subscribe = (sink) => client.subscribe({ query: gql(query), variables }).subscribe(sink);
      for await (const result of values(subscribe)) yield data(result);
    },
  ];
};
