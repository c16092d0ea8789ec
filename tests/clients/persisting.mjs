// What a client sends, where it names its documents: a program tells of three requests of one query.
import { authorization, usage, url } from "./asking.mjs";

/** Have a client, which is made with a `fetch`, ask a query of its own name three times; how it did so goes to standard output. */
export async function demonstrate(name, makeAsk) {
  const requests = [];
  const fetchAndTell = async (address, init = {}) => {
    const headers = { ...init.headers, authorization };
    const response = await fetch(address, { ...init, headers });
    const sent = `${new URL(address).searchParams} ${init.body ?? ""}`;
    const cached = response.headers.get("cache-control");
    requests.push([init.method, sent.includes("routerUsage") ? "document" : "name", response.status, cached]);
    return response;
  };
  const ask = makeAsk(fetchAndTell, url);
  const operation = { ...usage, query: usage.query.replace("Usage", name) };
  const totals = [];
  for (let i = 0; i < 3; i++) totals.push((await ask(operation)).account.routerUsage.totalRequests);
  console.log(JSON.stringify({ totals, requests }));
}
