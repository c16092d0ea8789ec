import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { choose } from "../place";
import { comeRound } from "./round";

/** One thing, over what it is one of. That it is open is in the address, under `name`: a link leads to it, and Escape or Back away from it. */
export function Sheet({ name, title, children }: { name: string; title: ComponentChildren; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const close = () => choose({ [name]: null });
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="sheet-title" onClose={close} onKeyDown={comeRound} onClick={(event) => event.target === event.currentTarget && close()}>
      <div class="sheet-body">
        <div class="heading">
          <h2 id="sheet-title">{title}</h2>
          <button type="button" class="quiet" onClick={close} aria-label="Close">
            ×
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
