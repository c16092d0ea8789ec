// Each question as it is sent, with the fragments that it spreads, stands where it is asked: a section brings its own, and none is there twice.
import { globSync, readFileSync } from "node:fs";
import { type DefinitionNode, Kind, parse, print, stripIgnoredCharacters, visit } from "graphql";
import type { Plugin } from "vite";

const TEXT = /\bgraphql\(`([^`]*)`\)/g;
const IMPORT = /^import \{ graphql \} from ".*";$/m;

export function documents(): Plugin {
  const fragments = new Map<string, DefinitionNode>();

  /** The operation of a text with its fragments, and theirs; of a text that has fragments alone, nothing. */
  function whole(text: string): string {
    const found = new Set<DefinitionNode>();
    const need = (definition: DefinitionNode) => {
      if (found.has(definition)) return;
      found.add(definition);
      visit(definition, { FragmentSpread: ({ name }) => need(fragments.get(name.value)!) });
    };
    parse(text).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).forEach(need);
    return stripIgnoredCharacters([...found].map(print).join("\n"));
  }

  return {
    name: "documents",
    enforce: "pre",
    buildStart() {
      for (const path of globSync("src/**/*.{ts,tsx}", { exclude: ["src/gql/**"] }))
        for (const [, text] of readFileSync(path, "utf8").matchAll(TEXT))
          for (const definition of parse(text!).definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    },
    transform(code, id) {
      if (!code.includes("graphql(`") || id.includes("/src/gql/")) return null;
      return code.replace(TEXT, (_, text: string) => JSON.stringify(whole(text) || null)).replace(IMPORT, "");
    },
  };
}
