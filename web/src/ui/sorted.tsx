import { choose, chosen } from "../place";

/** What a table can be ordered by, the first where nothing is chosen. */
export type Fields<Field extends string> = readonly [Field, ...Field[]];

/** What is chosen of them, and which way. */
export function order<Field extends string>(fields: Fields<Field>, first: "DESC" | "ASC" = "DESC") {
  return { field: chosen<Field>("sort", fields), direction: chosen<"DESC" | "ASC">("way", first === "DESC" ? ["DESC", "ASC"] : ["ASC", "DESC"]) };
}

interface Props<Field extends string> {
  fields: Fields<Field>;
  field: Field;
  name: string;
  number?: boolean;
  className?: string;
  first?: "DESC" | "ASC"; // which way the table goes where nothing is chosen
  unable?: string | null; // why it cannot be ordered by this, if so
}

/** The head of a column by which the table can be ordered: pressed again, the other way. */
export function Sorted<Field extends string>({ fields, field, name, number = false, className = "", first = "DESC", unable = null }: Props<Field>) {
  const { field: current, direction } = order(fields, first);
  const is = current === field;
  const turned = direction === "DESC" ? "ASC" : "DESC";
  const way = is ? turned : "DESC";
  const press = () => choose({ sort: field === fields[0] ? null : field, way: way === first ? null : way, after: null });
  return (
    <th scope="col" class={`${number ? "number" : ""} ${className}`} aria-sort={is ? (direction === "DESC" ? "descending" : "ascending") : undefined}>
      <button type="button" class="sort" disabled={unable !== null} title={unable ?? undefined} onClick={press}>
        {name}
        <span aria-hidden="true">{is ? (direction === "DESC" ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}
