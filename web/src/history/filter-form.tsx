import { useComputed, useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { useAnswer } from "../ask";
import type { Channel, FilterValuesQuery, Outcome } from "../gql/graphql";
import { choices, choose } from "../place";
import { asked, range } from "../time";
import { focusWhereOneNarrows } from "../ui/narrowed";
import { add, bind, type Bound, BOUNDS, bounds, CHANNELS, clear, filter, type List, LISTS, narrowings, OUTCOMES, outcomes, TEXTS, type TextFilter, toggle } from "./filters";
import { VALUES } from "./questions";

/** The button goes with the filters: whoever has pressed it is where one narrows then. */
function showEverything(): void {
  focusWhereOneNarrows();
  clear();
}

type Known = Partial<Record<List, readonly { readonly value: string; readonly label?: string }[]>>;

/** A filter for every column, folded up until somebody wants it. What is set stands above the list. */
export function FilterForm() {
  const open = useSignal(false);
  const asking = useAnswer(VALUES, () => (open.value ? { account: choices.value.account ?? null, range: asked(range.value) } : null), false);
  const known = useComputed(() => knownValues(asking.value.answer));
  const set = narrowings().length;
  return (
    <form class="filtering" role="search" aria-label="Requests" onSubmit={(event) => event.preventDefault()}>
      <div class="filters">
        <Text name="requestId" placeholder="as its reporter gave it" />
        <Text name="errorContains" placeholder="a part of the message" />
        {filter.value && (
          <button type="button" onClick={showEverything}>
            Show everything again
          </button>
        )}
      </div>
      <details onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary data-narrows>Filters{set > 0 && ` (${set} set)`}</summary>
        <div class="filters">
          {(Object.keys(LISTS) as List[]).map((name) => (
            <SeveralValues key={name} name={name} known={known.value[name] ?? []} />
          ))}
          <label>
            Served by
            <select value={filter.value?.channel ?? ""} onChange={(event) => choose({ channel: event.currentTarget.value || null })}>
              <option value="">any</option>
              {(Object.entries(CHANNELS) as [Channel, string][]).map(([channel, text]) => (
                <option key={channel} value={channel}>
                  {text}
                </option>
              ))}
            </select>
          </label>
          {(Object.keys(BOUNDS) as Bound[]).map((name) => (
            <Bounds key={name} name={name} />
          ))}
          <fieldset class="outcomes">
            <legend>Outcome</legend>
            <div class="choice">
              {(Object.entries(OUTCOMES) as [Outcome, string][]).map(([outcome, text]) => (
                <button type="button" key={outcome} aria-pressed={outcomes().includes(outcome)} onClick={() => toggle(outcome)}>
                  {text}
                </button>
              ))}
            </div>
          </fieldset>
          <label class="check">
            <input type="checkbox" checked={choices.value.voided === "shown"} onChange={(event) => choose({ voided: event.currentTarget.checked ? "shown" : null })} />
            Voided ones, too
          </label>
        </div>
      </details>
    </form>
  );
}

function Text({ name, placeholder }: { name: TextFilter; placeholder: string }) {
  return (
    <label>
      {TEXTS[name].name}
      <input type="search" value={choices.value[name] ?? ""} placeholder={placeholder} onChange={(event) => choose({ [name]: event.currentTarget.value.trim() || null })} />
    </label>
  );
}

/** A value at a time: each that is entered is one more. */
function SeveralValues({ name, known }: { name: List; known: NonNullable<Known[List]> }) {
  const id = useId();
  const { name: label, ...more }: { readonly name: string; readonly none?: string } = LISTS[name];
  const given = choices.value[name] !== undefined;
  const numeric = name === "statusCodes";
  const enter = (input: HTMLInputElement) => {
    if (!input.value.trim() || !input.reportValidity()) return;
    add(name, input.value.trim());
    input.value = "";
  };
  return (
    <div class="several">
      <label for={id}>{label}</label>
      <div>
        <input
          id={id}
          type={numeric ? "number" : "text"}
          min={numeric ? 100 : undefined}
          max={numeric ? 599 : undefined}
          list={`${id}-known`}
          autocomplete="off"
          placeholder={given ? "another" : "any"}
          onChange={(event) => enter(event.currentTarget)}
        />
        {more.none && (
          <button type="button" class="quiet" title={`Also: ${more.none}`} onClick={() => add(name, null)}>
            none
          </button>
        )}
      </div>
      <datalist id={`${id}-known`}>
        {known.map(({ value, label: text }) => (
          <option key={value} value={value} label={text} />
        ))}
      </datalist>
    </div>
  );
}

function Bounds({ name }: { name: Bound }) {
  const { name: label, unit } = BOUNDS[name];
  const [min, max] = bounds(name);
  const whole = unit === "" && name !== "fee";
  const change = (input: HTMLInputElement, then: (digits: string) => void) => input.reportValidity() && then(input.value);
  return (
    <fieldset class="bounds">
      <legend>
        {label}
        {unit && `, ${unit}`}
      </legend>
      <input type="number" min={0} step={whole ? 1 : "any"} value={min} placeholder="from" aria-label={`${label}, from`} onChange={(event) => change(event.currentTarget, (digits) => bind(name, digits, max))} />
      <input type="number" min={0} step={whole ? 1 : "any"} value={max} placeholder="to" aria-label={`${label}, to`} onChange={(event) => change(event.currentTarget, (digits) => bind(name, min, digits))} />
    </fieldset>
  );
}

/** What the account has used, the most used first. Types, versions and technologies are not listed anywhere: they are typed. */
function knownValues(answer: FilterValuesQuery | null): Known {
  const account = answer?.account;
  if (!account) return {};
  const { models, providers, apiKeys } = account.routerUsage;
  return {
    models: models.nodes.flatMap(({ model }) => (model ? [{ value: model }] : [])),
    providers: providers.nodes.flatMap(({ provider }) => (provider ? [{ value: provider }] : [])),
    apiKeys: apiKeys.nodes.flatMap(({ apiKey }) => (apiKey ? [{ value: apiKey.id, label: apiKey.name }] : [])),
    deployments: account.deploymentUsage.deployments.nodes.map(({ name, deployment }) => ({ value: deployment.key, label: name })),
    statusCodes: ["200", "400", "401", "403", "404", "408", "429", "500", "502", "503", "504"].map((value) => ({ value })),
  };
}
