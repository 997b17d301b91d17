// Asking the GraphQL API. There are three ends: an answer, a refusal of the request, or no answer at all.

const PATIENCE_MS = 20_000;

/** No answer came. What was asked for may have been done, or not. */
export class Lost extends Error {}

/** The request as a whole was refused, for example with the code UNAUTHENTICATED. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** The `data` of the answer. `keepalive` lets the page go meanwhile. Throws Lost or Refused. */
export async function ask(query, variables, accessToken, { keepalive = false } = {}) {
  const headers = {
    "Accept": "application/graphql-response+json, application/json;q=0.9",
    "Accept-Language": document.documentElement.lang,
    "Content-Type": "application/json",
  };
  if (accessToken) headers["Authorization"] = `Bearer ${accessToken}`;
  const answer = await send("/graphql", {
    method: "POST",
    headers,
    body: JSON.stringify({ query, variables }),
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
    keepalive,
  });
  const refusal = answer?.errors?.[0];
  if (refusal) throw new Refused(refusal.extensions?.code ?? "");
  if (!answer?.data) throw new Lost();
  return answer.data;
}

async function send(address, request) {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), PATIENCE_MS);
  try {
    const response = await fetch(address, { ...request, signal: impatience.signal });
    return await response.json();
  } catch {
    throw new Lost();
  } finally {
    clearTimeout(timer);
  }
}
