// Figures are asked for again when the read models have moved on, and usage of routers that is among them has changed.
import { useSignalEffect } from "@preact/signals";
import { follow } from "./follow";
import { graphql } from "./gql";
import type { RouterFilter } from "./gql/graphql";
import { live, lookWhenSeen } from "./live";
import { choices } from "./place";
import { asked, range } from "./time";

const EVERY_SECONDS = 3;

const CHANGED = graphql(`
  subscription RouterUsageChanged($account: ID, $range: TimeRange!, $filter: RouterFilter, $every: Int!) {
    routerUsageChanged(accountId: $account, range: $range, filter: $filter, every: $every) {
      dataState {
        position
      }
    }
  }
`);

/** Of what `filter` leaves; of deployments nothing is told. */
export function useChanges(filter: () => RouterFilter | null): void {
  useSignalEffect(() => {
    if (!live.value) return;
    let first = true; // the present state, which was asked for already
    return follow(
      CHANGED,
      { account: choices.value.account ?? null, range: asked(range.value), filter: filter(), every: EVERY_SECONDS },
      () => {
        if (!first) lookWhenSeen();
        first = false;
      },
    );
  });
}
