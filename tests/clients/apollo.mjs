// Subscriptions are multipart answers, without anything else.
import { HttpLink } from "@apollo/client";
import { authorization, demonstrate, url } from "./asking.mjs";
import { asking } from "./apollo_asking.mjs";

await demonstrate(...asking(new HttpLink({ uri: url, headers: { authorization } })));
