import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { choose } from "../place";
import { now, zone } from "../time";
import { ahead, HERE, meant, zones } from "../zones";

/** The zone that times are read in: UTC, that of the browser, or any other, found by a part of its name. The field leaves UTC to its button. */
export function ZoneChoice() {
  const id = useId();
  const field = useRef<HTMLInputElement>(null); // not rendered: what is being written stays, whatever moves meanwhile
  useLayoutEffect(() => show(field.current!), [zone.value]);
  return (
    <div class="zone" role="group" aria-label="Time zone">
      <div class="choice">
        {[...new Set(["UTC", HERE])].map((name) => (
          <button type="button" key={name} aria-pressed={zone.value === name} title={name === HERE ? "The zone of this browser" : undefined} onClick={() => chooseZone(name)}>
            {name === "UTC" ? name : "Local"}
          </button>
        ))}
      </div>
      <input
        ref={field}
        list={id}
        aria-label="Any time zone"
        title={zone.value === "UTC" ? undefined : `${zone.value}: ${ahead(zone.value, now.value)} now`}
        placeholder="Other"
        autocomplete="off"
        spellcheck={false}
        onFocus={(event) => (event.currentTarget.value = "")} // the list has then all of them
        onBlur={(event) => event.currentTarget.value === "" && show(event.currentTarget)}
        onInput={(event) => event.currentTarget.setCustomValidity("")}
        onChange={(event) => enter(event.currentTarget)}
      />
      <datalist id={id}>
        {zones().map((name) => (
          <option key={name} value={name} label={name.includes("_") ? name.replaceAll("_", " ") : undefined} />
        ))}
      </datalist>
    </div>
  );
}

function show(input: HTMLInputElement): void {
  input.value = zone.peek() === "UTC" ? "" : zone.peek();
}

function enter(input: HTMLInputElement): void {
  if (!input.value.trim()) return;
  const name = meant(input.value);
  input.setCustomValidity(name ? "" : "Several time zones are called so, or none. Write the name of one, such as Europe/Berlin, or a city.");
  if (!input.reportValidity() || !name) return;
  chooseZone(name);
  show(input);
}

function chooseZone(name: string): void {
  choose({ zone: name === "UTC" ? null : name, after: null });
}
