import type { ComponentChildren } from "preact";

/** What is known under a name; nothing where it is not. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children ?? <span class="soft">–</span>}</dd>
    </>
  );
}

/** What somebody else has written: it may run either way, and be long. */
export function Text({ children }: { children: string | null | undefined }) {
  return children ? <bdi>{children}</bdi> : <span class="soft">–</span>;
}

/** An instant, exactly. */
export function Instant({ of, written }: { of: string | null | undefined; written: (instant: number) => string }) {
  return of ? <time dateTime={of}>{written(Date.parse(of))}</time> : <span class="soft">–</span>;
}
