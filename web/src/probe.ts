import { ask } from "./ask";
import { graphql } from "./gql";

const PROBE = graphql(`
  query Probe {
    viewer {
      tokenName
    }
  }
`);

/** Finds out whether Tallygraph answers, and whether the session is good: whoever has to know hears of it. */
export function probe(): Promise<boolean> {
  return ask(PROBE, {}).then(
    () => true,
    () => false,
  );
}
