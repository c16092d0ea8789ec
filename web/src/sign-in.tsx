import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { probe } from "./probe";

/** For whoever has no session, or none any more. What was chosen stays in the address, which is loaded anew for the new session. */
export function SignIn({ why }: { why: "ended" | "never" }) {
  const token = useSignal("");
  const refused = useSignal<string | null>(null);
  useElsewhere();
  const enter = async (event: Event) => {
    event.preventDefault();
    refused.value = null;
    const response = await fetch("/sign-in", { method: "POST", body: token.value.trim() }).catch(() => null);
    if (response?.ok) location.reload(); // nothing of who was here before is kept
    else refused.value = response?.status === 403 ? await response.text() : "Tallygraph does not answer: try again in a moment.";
  };
  return (
    <main class="sign-in">
      <h1>Tallygraph</h1>
      {why === "ended" ? (
        <p role="status">
          <b>Your session has ended.</b> It expired, or it was signed out of elsewhere. Sign in again to go on where you were.
        </p>
      ) : (
        <p>You are not signed in.</p>
      )}
      <p>
        Open a sign-in link: <code>tallygraph serve</code> prints one when it starts, and <code>tallygraph tokens link</code> makes another. Or give a token.
      </p>
      <form onSubmit={(event) => void enter(event)}>
        <input class="hidden" type="text" name="username" autocomplete="username" value="token" readOnly tabIndex={-1} aria-hidden="true" />
        <label>
          Token
          <input type="password" name="token" autocomplete="current-password" required value={token.value} onInput={(event) => (token.value = event.currentTarget.value)} />
        </label>
        <button type="submit" class="primary">
          Sign in
        </button>
        <p role="alert" class="failed">
          {refused.value}
        </p>
      </form>
    </main>
  );
}

/** Whoever comes back to this page after having signed in with another one, such as by a link, goes on here. */
function useElsewhere(): void {
  useEffect(() => {
    const look = async () => {
      if (!document.hidden && (await probe())) location.reload();
    };
    const seen = () => void look();
    addEventListener("focus", seen);
    document.addEventListener("visibilitychange", seen);
    return () => {
      removeEventListener("focus", seen);
      document.removeEventListener("visibilitychange", seen);
    };
  }, []);
}
