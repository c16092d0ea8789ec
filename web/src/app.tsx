import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { AccountChoice, useAccounts } from "./accounts";
import { signedOut, useAnswer } from "./ask";
import { graphql } from "./gql";
import { live, useLive, useRetries } from "./live";
import { followOwn } from "./own-exports";
import { address, assume, choices, choose, section, type Section, SECTIONS } from "./place";
import { SignIn } from "./sign-in";
import { preset, PRESET_NAMES, PRESETS } from "./time";
import { Connection, outdated } from "./ui/connection";
import { later } from "./ui/later";
import { Link } from "./ui/link";
import { RangeForm } from "./ui/range-form";
import { Empty, Failure, Skeleton } from "./ui/states";
import { precise } from "./ui/value";
import { ZoneChoice } from "./ui/zone-choice";

const WHO = graphql(`
  query Who {
    viewer {
      tokenName
      scopes
      account {
        id
        key
      }
    }
  }
`);

const PARTS = {
  routers: later(() => import("./routers/section").then((found) => found.Routers)),
  deployments: later(() => import("./deployments/section").then((found) => found.Deployments)),
  history: later(() => import("./history/section").then((found) => found.History)),
  bill: later(() => import("./bill/section").then((found) => found.BillSection)),
  jobs: later(() => import("./jobs/section").then((found) => found.Jobs)),
} satisfies Record<Section, unknown>;

const NAMES: Record<Section, string> = { routers: "Routers", deployments: "Deployments", history: "History", bill: "Bill", jobs: "Exports and audits" };

export function App() {
  const why = signedOut.value;
  return why ? <SignIn why={why} /> : <SignedIn />;
}

function SignedIn() {
  const asking = useAnswer(WHO, () => ({}));
  const { answer, error } = asking.value;
  const { accounts, more, chosen, unknown, error: missing } = useAccounts(() => asking.value.answer?.viewer.account === null);
  const own = answer?.viewer.account;
  const foreign = own && choices.value.account && choices.value.account !== own.id; // an address that an operator has sent, perhaps
  const account = foreign ? null : (own ?? chosen);
  useEffect(() => {
    if (accounts?.[0] && !choices.value.account) assume({ account: accounts[0].id });
  });
  useEffect(() => {
    document.title = `${NAMES[section.value]} – Tallygraph`;
  }, [section.value]);
  const Part = PARTS[section.value];
  useEffect(Part.begin, [Part]); // while it is asked who is there
  const known = answer !== null; // who is there
  useEffect(() => (known ? followOwn() : undefined), [known]);
  const failed = error ?? missing;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the figures
      </a>
      <header>
        <span class="brand">Tallygraph</span>
        <Sections />
        <div class="who">
          {accounts && <AccountChoice accounts={accounts} more={more} chosen={chosen} />}
          {own && (
            <span class="cut" title={`Signed in with the token ${answer.viewer.tokenName}`}>
              <bdi>{own.key}</bdi>
            </span>
          )}
          <form method="post" action="/sign-out">
            <button type="submit" class="quiet">
              Sign out
            </button>
          </form>
        </div>
      </header>
      <RangeBar />
      <Connection />
      <main id="main" tabIndex={-1} class={outdated.value ? "outdated" : ""}>
        {!account && <h1>{NAMES[section.value]}</h1>}
        {!account && !failed && !accounts && <Skeleton />}
        {failed && <Failure message={failed.message} />}
        {foreign && <Foreign />}
        {unknown && <Failure message="There is no account of this address: choose one at the top." />}
        {accounts?.length === 0 && <Empty>There is no account yet: one appears with the first usage that is reported for it.</Empty>}
        {account && <Part key={account.id} />}
      </main>
    </>
  );
}

function Foreign() {
  return (
    <div class="failure" role="alert">
      <p>There is no account of this address, or it is not yours.</p>
      <button type="button" onClick={() => choose({ account: null, after: null })}>
        Show your own
      </button>
    </div>
  );
}

function Sections() {
  const nav = useRef<HTMLElement>(null);
  const current = section.value;
  useLayoutEffect(() => {
    const link = nav.current?.querySelector<HTMLElement>("[aria-current]");
    // To its middle, where a narrow screen has no room for all: the page itself stays where it is.
    if (nav.current && link) nav.current.scrollLeft = link.offsetLeft - nav.current.offsetLeft - (nav.current.clientWidth - link.offsetWidth) / 2;
  }, [current]);
  return (
    <nav ref={nav} aria-label="Sections">
      {SECTIONS.map((each) => (
        <Link key={each} to={address(each)} current={each === current}>
          {NAMES[each]}
        </Link>
      ))}
    </nav>
  );
}

function RangeBar() {
  useLive();
  useRetries();
  const current = preset.value;
  return (
    <section class="ranges" aria-label="What time is shown">
      <div class="choice" role="group" aria-label="Range of time">
        {PRESETS.map((each) => (
          <button
            type="button"
            key={each}
            aria-pressed={each === current}
            onClick={() => choose({ range: each === PRESETS[0] ? null : each, from: null, to: null, after: null })}
          >
            {PRESET_NAMES[each]}
          </button>
        ))}
      </div>
      <RangeForm />
      <button type="button" class={`live ${outdated.value ? "waits" : ""}`} aria-pressed={live.value} title="Whether figures follow what happens" onClick={() => choose({ live: live.value ? "off" : null })}>
        Live
      </button>
      <button type="button" class="switch" aria-pressed={precise.value} title="Whether every figure is written with all its digits" onClick={() => choose({ figures: precise.value ? null : "exact" })}>
        Exact figures
      </button>
      <ZoneChoice />
    </section>
  );
}
