// What the section of deployments is narrowed to.
import { computed } from "@preact/signals";
import type { DeploymentFilter, DeploymentStatus, DeploymentType } from "../gql/graphql";
import { choices, choose, chosen, chosenList } from "../place";
import type { Narrowing } from "../ui/narrowed";

export const STATUSES: Record<DeploymentStatus, string> = { PENDING: "pending", RUNNING: "running", STOPPED: "stopped", SUCCEEDED: "succeeded", FAILED: "failed" };
export const TYPES: Record<DeploymentType, string> = { DEPLOYMENT: "deployment", FINE_TUNING: "fine-tuning" };

export type Type = "all" | DeploymentType;
export type Status = "any" | DeploymentStatus;

export const filter = computed<DeploymentFilter | null>(() => {
  const type = chosen<Type>("type", ["all", "DEPLOYMENT", "FINE_TUNING"]);
  const status = chosen<Status>("status", ["any", ...(Object.keys(STATUSES) as DeploymentStatus[])]);
  const models = chosenList("models")?.filter((model) => model !== null);
  const name = choices.value.name;
  const found: DeploymentFilter = {
    ...(type !== "all" && { types: [type] }),
    ...(status !== "any" && { statuses: [status] }),
    ...(models && { models }),
    ...(name && { nameContains: name }),
  };
  return Object.keys(found).length ? found : null;
});

/** Only what serves or makes this model. */
export function narrow(model: string): void {
  choose({ models: JSON.stringify([model]), after: null });
}

/** What is chosen beside what the fields show. */
export function narrowings(): Narrowing[] {
  const models = filter.value?.models ?? [];
  const keep = (rest: readonly string[]) => choose({ models: rest.length ? JSON.stringify(rest) : null, after: null });
  return models.map((value) => ({ name: "model", value, widen: () => keep(models.filter((other) => other !== value)) }));
}
