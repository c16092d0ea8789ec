/** Whether an export or audit is still being made, by its status. */
export function isUnderWay({ status }: { readonly status: string }): boolean {
  return status === "PENDING" || status === "RUNNING";
}
