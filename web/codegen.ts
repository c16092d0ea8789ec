import type { CodegenConfig } from "@graphql-codegen/cli";

// The types of every question that the dashboard asks. They are kept in the repository, and a stale one fails `make check`.
const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: ["src/**/*.{ts,tsx}", "!src/gql/**"],
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { BigInt: "string | number", DateTime: "string", Decimal: "string", Position: "string", TimeZone: "string", JSON: "unknown" },
      },
    },
  },
};

export default config;
