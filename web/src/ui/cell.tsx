import type { Figure } from "../figures";
import { Value } from "./value";

/** A figure in a table. `unit` says what it is of where a narrow screen has no head of the column. */
export function NumberCell({ figure, className = "", unit }: { figure: Figure; className?: string; unit?: string | undefined }) {
  return (
    <td class={`number ${className}`} data-unit={unit}>
      <Value figure={figure} />
    </td>
  );
}

/** What somebody has named, cut where it is long: it may say anything, and run either way. */
export function NameCell({ text, unknown = "–", className = "" }: { text: string | null | undefined; unknown?: string; className?: string }) {
  return (
    <td class={`name ${className}`} title={text ?? unknown}>
      {text ? <bdi>{text}</bdi> : <i>{unknown}</i>}
    </td>
  );
}
