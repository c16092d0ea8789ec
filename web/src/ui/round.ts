const REACHED = "button:enabled, a[href], input:enabled, select:enabled, summary, [tabindex='0']";

/** Of a dialog, when a key is pressed: from its end Tab leads to its beginning, and back, and not to what is around the page. */
export function comeRound(event: KeyboardEvent): void {
  if (event.key !== "Tab") return;
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(REACHED)].filter((each) => each.checkVisibility());
  const [end, beginning] = event.shiftKey ? [all[0], all.at(-1)] : [all.at(-1), all[0]];
  if (document.activeElement !== end && document.activeElement !== event.currentTarget) return;
  event.preventDefault();
  beginning?.focus();
}
