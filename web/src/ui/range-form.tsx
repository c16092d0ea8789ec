import { useId, useRef } from "preact/hooks";
import { chooseRange, dated, exactly, instantOf, preset, range, shownAt, zone } from "../time";

/** The range that is shown, and a way to any other: from one time to another, by the clock of the zone that is shown. */
export function RangeForm() {
  const id = useId();
  const popover = useRef<HTMLFormElement>(null);
  const { from, to } = range.value;
  const fields = () => ["from", "to"].map((name) => popover.current!.elements.namedItem(name)) as [HTMLInputElement, HTMLInputElement];
  const fill = () => {
    const [first, last] = fields();
    [first.value, last.value] = [shownAt(range.peek().from), shownAt(range.peek().to)];
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = popover.current!;
    const [first, last] = fields();
    const chosen = { from: read(first, from), to: read(last, to) };
    last.setCustomValidity(chosen.from >= chosen.to ? "It ends before it begins." : "");
    if (!form.reportValidity()) return;
    form.hidePopover();
    chooseRange(chosen);
  };
  return (
    <>
      <button type="button" class={`span ${preset.value === null ? "chosen" : ""}`} title={`${exactly(from)} to ${exactly(to)}`} popovertarget={id}>
        <span class="hidden">Dates: </span>
        <time>{dated(from)}</time> – <time>{dated(to)}</time>
        {preset.value === null && <span class="hidden"> (chosen)</span>}
      </button>
      <form id={id} ref={popover} popover="auto" class="pop" aria-label={`From one time to another, in ${zone.value}`} noValidate onBeforeToggle={fill} onSubmit={submit} onInput={clear}>
        <label>
          From
          <input type="datetime-local" name="from" required />
        </label>
        <label>
          To, not included
          <input type="datetime-local" name="to" required />
        </label>
        <p class="note">By the clock of {zone.value}.</p>
        <div class="buttons">
          <button type="submit" class="primary">
            Show
          </button>
        </div>
      </form>
    </>
  );
}

/** What was not changed stays as it is, to the millisecond. */
function read({ value }: HTMLInputElement, instant: number): number {
  return value === shownAt(instant) ? instant : instantOf(value);
}

function clear({ currentTarget }: { currentTarget: HTMLFormElement }): void {
  for (const field of currentTarget.elements) if (field instanceof HTMLInputElement) field.setCustomValidity("");
}
