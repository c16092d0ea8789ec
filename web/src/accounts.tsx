// Whose usage an operator looks at: one of a list, or, where there are more than a list takes, any by its key or a part of it.
import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { ask, useAnswer } from "./ask";
import { graphql } from "./gql";
import { choices, choose } from "./place";

const PAGE = 1000; // as many as one question brings
const MAX_PAGES = 100; // that are looked through for a key

const ACCOUNTS = graphql(`
  query Accounts($first: Int!, $after: String) {
    accounts(first: $first, after: $after) {
      nodes {
        id
        key
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const ACCOUNT = graphql(`
  query ChosenAccount($id: ID!) {
    account(id: $id) {
      id
      key
    }
  }
`);

interface Account {
  readonly id: string;
  readonly key: string;
}

/** The first accounts, whether there are more, and the one that is chosen: also where it is not among them. */
export function useAccounts(wanted: () => boolean) {
  const page = useAnswer(ACCOUNTS, () => (wanted() ? { first: PAGE, after: null } : null));
  const listed = () => page.value.answer?.accounts.nodes.find(({ id }) => id === choices.value.account);
  const other = useAnswer(ACCOUNT, () => (page.value.answer && choices.value.account && !listed() ? { id: choices.value.account } : null), false);
  const found = other.value.answer?.account;
  const chosen = listed() ?? (found && found.id === choices.value.account ? found : undefined);
  return {
    accounts: page.value.answer?.accounts.nodes,
    more: page.value.answer?.accounts.pageInfo.hasNextPage ?? false,
    chosen,
    unknown: Boolean(page.value.answer && choices.value.account) && !chosen && !other.value.loading && !other.value.error,
    error: page.value.error ?? other.value.error,
  };
}

export function AccountChoice({ accounts, more, chosen }: { accounts: readonly Account[]; more: boolean; chosen: Account | undefined }) {
  if (more) return <AnyAccount first={accounts} chosen={chosen} />;
  return (
    <label>
      <span class="hidden">Account</span>
      <select value={choices.value.account} onChange={(event) => chooseAccount(event.currentTarget.value)}>
        {accounts.map(({ id, key }) => (
          <option key={id} value={id}>
            {key}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A field with the first of many accounts to choose from. Any other is looked for once its key, or a part of it, is entered. */
function AnyAccount({ first, chosen }: { first: readonly Account[]; chosen: Account | undefined }) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null); // not rendered: what is being written stays, whatever moves meanwhile
  const looking = useRef(new AbortController());
  const found = useSignal<readonly Account[]>([]); // of which several were meant
  const show = () => (field.current!.value = chosen?.key ?? "");
  useLayoutEffect(() => void show(), [chosen?.key]);
  const enter = async (input: HTMLInputElement) => {
    if (!input.value) return;
    looking.current.abort();
    const stop = (looking.current = new AbortController());
    const text = input.value;
    const { several, why } = await find(text, first, stop.signal).catch((error: Error) => ({ several: [], why: error.message }));
    if (stop.signal.aborted) return;
    found.value = several;
    input.setCustomValidity(why);
    if (input.reportValidity() && several[0]) chooseAccount(several[0].id);
  };
  return (
    <>
      <input
        ref={field}
        list={id}
        size={18}
        aria-label="Account"
        title="The key of an account, or a part of it"
        placeholder={chosen?.key}
        autocomplete="off"
        spellcheck={false}
        onFocus={(event) => (event.currentTarget.value = "")} // the list has then all of them
        onBlur={(event) => event.currentTarget.value === "" && show()}
        onInput={(event) => event.currentTarget.setCustomValidity("")}
        onChange={(event) => void enter(event.currentTarget)}
      />
      <datalist id={id}>
        {[...new Set([...found.value, ...first].map(({ key }) => key))].map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
    </>
  );
}

/** The account of this key, or those that have the text in theirs; why it cannot be one of them, "" where it can. */
async function find(text: string, first: readonly Account[], stop: AbortSignal): Promise<{ several: readonly Account[]; why: string }> {
  const known = first.find(({ key }) => key === text);
  if (known) return { several: [known], why: "" };
  const several: Account[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { accounts }: { accounts: { nodes: readonly Account[]; pageInfo: { hasNextPage: boolean; endCursor?: string | null } } } = await ask(ACCOUNTS, { first: PAGE, after }, stop);
    const exact = accounts.nodes.find(({ key }) => key === text);
    if (exact) return { several: [exact], why: "" };
    several.push(...accounts.nodes.filter(({ key }) => key.toLowerCase().includes(text.toLowerCase())));
    if (!accounts.pageInfo.hasNextPage) break;
    after = accounts.pageInfo.endCursor ?? null;
  }
  if (several.length === 1) return { several, why: "" };
  return { several, why: several.length ? `${several.length} accounts have this in their keys: choose one of the list, or write more of it.` : "No account has this in its key." };
}

function chooseAccount(id: string): void {
  choose({ account: id, after: null });
}
