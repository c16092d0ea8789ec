import { choose, chosen } from "../place";

/** One of a few, as buttons of which one is pressed. What is chosen is in the address. */
export function Choice<T extends string>({ label, name, options }: { label: string; name: string; options: readonly [readonly [T, string], ...(readonly [T, string])[]] }) {
  const values = options.map(([value]) => value) as [T, ...T[]];
  const current = chosen(name, values);
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([value, text]) => (
        <button
          type="button"
          key={value}
          aria-pressed={value === current}
          onClick={() => choose({ [name]: value === values[0] ? null : value, after: null })}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
