// Whose page it is, from the first answer that tells it until the page is loaded anew: in another tab somebody else may sign in meanwhile.

interface Telling {
  readonly viewer?: { readonly account?: { readonly id: string } | null };
  readonly account?: { readonly id?: string } | null;
}

let whose: string | null | undefined; // null is whoever operates, who sees any account

/** Whether an answer is for somebody else than those before. */
export function isForAnother({ viewer, account }: Telling): boolean {
  if (viewer?.account !== undefined) {
    const id = viewer.account?.id ?? null;
    if (whose === undefined) whose = id;
    return id !== whose;
  }
  return Boolean(whose && account?.id && account.id !== whose);
}
