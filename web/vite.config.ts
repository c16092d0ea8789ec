import { defineConfig } from "vite";

// `npm run dev` serves the sources, and asks a running `tallygraph serve` for everything else.
const SERVICE = "http://127.0.0.1:8000";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    // What sections share comes with the entry, as one file: a first load is six requests, of a section and what draws it at most.
    rolldownOptions: { preserveEntrySignatures: false, output: { codeSplitting: { groups: [{ name: "main", test: /node_modules\/(preact|@preact|graphql-ws)\/|src\/(ui|gql)\/|src\/[^/]+$/ }] } } },
  },
  server: {
    proxy: {
      "/graphql": { target: SERVICE, ws: true },
      "/sign-in": SERVICE,
      "/sign-out": SERVICE,
      "/v1": SERVICE,
    },
  },
});
