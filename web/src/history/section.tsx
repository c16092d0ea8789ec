import { useEffect, useRef } from "preact/hooks";
import { useChanges } from "../changes";
import { count } from "../figures";
import { useKeyNames } from "../keys";
import { choices } from "../place";
import { Narrowed } from "../ui/narrowed";
import { Empty, Shown } from "../ui/states";
import { Value } from "../ui/value";
import { RequestDetail } from "./detail";
import { FilterForm } from "./filter-form";
import { filter, narrowings } from "./filters";
import { type List, MAX_NEWER, startAnew, useRequests } from "./requests";
import { Rows } from "./rows";

const AHEAD = "800px";

export function History() {
  useKeyNames();
  useChanges(() => {
    const { models, providers, apiKeys } = filter.value ?? {};
    return { models, providers, apiKeys };
  });
  const { list, total, further, newer, more } = useRequests();
  return (
    <>
      <h1>History</h1>
      <FilterForm />
      <Narrowed to={narrowings()} />
      <section class="panel" aria-label="Requests">
        <div class="tools">
          <h2>
            Requests <small>{total.value === null ? "more than a million" : total.value !== undefined && <Value figure={count(total.value)} />}</small>
          </h2>
          <div class="newer">
            {/* Said once: how many they are may change every few seconds. */}
            <span class="hidden" role="status">
              {newer.value > 0 && "There are newer requests."}
            </span>
            {newer.value > 0 && (
              <button type="button" onClick={startAnew}>
                {newer.value < MAX_NEWER ? newer.value : `${MAX_NEWER} or more`} newer {newer.value === 1 ? "request: show it" : "requests: show them"}
              </button>
            )}
          </div>
        </div>
        <Shown asked={list.value} empty={({ pages }) => (pages[0]?.length ? null : <Nothing />)}>
          {(answer) => (
            <>
              <Rows list={answer} />
              {!list.value.error && <More list={answer} loading={further.value.loading} error={further.value.error?.message} onMore={() => void more()} />}
            </>
          )}
        </Shown>
      </section>
      {choices.value.request && <RequestDetail id={choices.value.request} />}
    </>
  );
}

function Nothing() {
  return <Empty>No request was made in this time{filter.value ? " with these filters: take one back, or choose a longer range." : ": choose a longer range."}</Empty>;
}

/** Presses itself when it comes near, and by hand at any time. */
function More({ list, loading, error, onMore }: { list: List; loading: boolean; error: string | undefined; onMore: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  const shown = list.pages.reduce((sum, page) => sum + page.length, 0);
  useEffect(() => {
    if (!button.current || error) return;
    const near = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && onMore(), { rootMargin: AHEAD });
    near.observe(button.current);
    return () => near.disconnect();
  }, [list, error]); // observed anew after each page: the button may still be near
  return (
    <div class="more">
      {error && (
        <p class="failed" role="alert">
          {error}
        </p>
      )}
      {list.next ? (
        <button ref={button} type="button" aria-disabled={loading} onClick={onMore}>
          {loading ? "Loading…" : error ? "Try again" : "More"}
        </button>
      ) : (
        <span>That is all.</span>
      )}
      <span class="note" role="status">
        {count(shown).exact} shown
      </span>
    </div>
  );
}
