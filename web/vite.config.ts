import { defineConfig, type Plugin } from "vite";

// `npm run dev` serves the sources, and asks a running `tallygraph serve` for everything else.
const SERVICE = "http://127.0.0.1:8000";

/** Of what codegen makes, which finds a document by its text: each document once, not three times, and without its indentation. */
const documents: Plugin = {
  name: "documents",
  enforce: "pre",
  transform: {
    filter: { id: /\/src\/.*\.tsx?$/ },
    handler(code, id) {
      if (id.endsWith("/src/gql/graphql.ts")) return code.replace(/`[^`]*`/g, (text) => text.replace(/\s+/g, " ")).replaceAll("= new TypedDocumentString(", "= /*#__PURE__*/ new TypedDocumentString(");
      const found = code.replace(/\bgraphql\(`\s*(\w+) (\w+)[^`]*`\)/g, (_, kind, name) => `documents.${name}${kind === "fragment" ? "FragmentDoc" : "Document"}`);
      return found === code ? null : `import * as documents from "/src/gql/graphql";${found}`;
    },
  },
};

/** A page without a program: it has the styles of the others, whose bundle Vite would load for them. */
const withoutProgram: Plugin = {
  name: "without-program",
  transformIndexHtml: { order: "post", handler: (html, { path }) => (path === "/used-up.html" ? html.replace(/\s*<script.*<\/script>/, "") : html) },
};

export default defineConfig({
  plugins: [documents, withoutProgram],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    // What sections share comes with the entry, as one file: a first load is six requests, of a section and what draws it at most.
    rolldownOptions: {
      input: ["index.html", "used-up.html"],
      preserveEntrySignatures: false,
      output: { codeSplitting: { groups: [{ name: "main", test: /node_modules\/(preact|@preact|graphql-ws)\/|src\/(ui|gql)\/|src\/[^/]+$/ }] } },
    },
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
