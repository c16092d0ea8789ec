// The audit suite of graphql-http: what each audit came to, as JSON.
import { serverAudits } from "graphql-http";
import { authorization, url } from "./asking.mjs";

const fetchFn = (address, init = {}) => fetch(address, { ...init, headers: { ...init.headers, authorization } });
const results = [];
for (const audit of serverAudits({ url, fetchFn })) results.push(await audit.fn());
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
