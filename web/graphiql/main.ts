// GraphiQL at /graphql: the published package, sent by ourselves. It asks as whoever has signed in, or with the token of its headers' editor.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import "./style.css";

const url = `${location.origin}/graphql`;
const fetcher = createGraphiQLFetcher({ url, subscriptionUrl: url.replace(/^http/, "ws") });
createRoot(document.getElementById("graphiql")!).render(createElement(GraphiQL, { fetcher }));
