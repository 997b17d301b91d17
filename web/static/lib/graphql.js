// Asking the GraphQL API. There are three ends: an answer, a refusal of the request, or no answer at all.
// A page has no token: the browser shows a cookie that scripts cannot read, and only to this server.

const PATIENCE_MS = 20_000;

/** No answer came. What was asked for may have been done, or not. */
export class Lost extends Error {}

/** The request as a whole was refused, for example with the code UNAUTHENTICATED. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }

  get signedOut() {
    return this.code === "UNAUTHENTICATED";
  }
}

/** The server does not know what this page asks: it has become newer than the page. */
export const OUTDATED = "PERSISTED_QUERY_NOT_FOUND";

/** The `data` of the answer to a document of documents.js. `keepalive` lets the page go meanwhile. Throws Lost or Refused. */
export async function ask(document, variables = {}, { keepalive = false, patience = PATIENCE_MS } = {}) {
  const request = {
    method: "POST",
    headers: {
      "Accept": "application/graphql-response+json, application/json;q=0.9",
      "Accept-Language": globalThis.document.documentElement.lang,
      "Content-Type": "application/json",
      "Regulars-Session": "cookie",
    },
    body: JSON.stringify({ documentId: document.id, operationName: document.name, variables }),
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    keepalive,
  };
  const answer = await send(document.api, request, patience);
  const refusal = answer?.errors?.[0];
  if (refusal) {
    const code = refusal.extensions?.code ?? "";
    if (code === OUTDATED) dispatchEvent(new Event("outdated"));
    throw new Refused(code);
  }
  if (!answer?.data) throw new Lost();
  return answer.data;
}

/** As `ask`, for a document with one field: what that field is. */
export async function askOne(document, variables, options) {
  return Object.values(await ask(document, variables, options))[0];
}

async function send(address, request, patience) {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), patience);
  try {
    const response = await fetch(address, { ...request, signal: impatience.signal });
    return await response.json();
  } catch {
    throw new Lost();
  } finally {
    clearTimeout(timer);
  }
}
