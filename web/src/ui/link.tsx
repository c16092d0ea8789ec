import type { ComponentChildren } from "preact";
import { go } from "../place";

/** An address of ours: followed without a reload, and yet a link that can be opened elsewhere. */
export function Link({ to, current = false, label, title, children }: { to: string; current?: boolean; label?: string; title?: string; children: ComponentChildren }) {
  return (
    <a
      href={to}
      aria-current={current ? "page" : undefined}
      aria-label={label}
      title={title}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
