// Subscriptions over graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md), one socket for each.

import { ask, Lost, Refused } from "./graphql.js";

const PROTOCOL = "graphql-transport-ws";
const SOONEST_MS = 1_000;
const LATEST_MS = 30_000;

/**
 * Calls `tell` with the data of every event until the returned function is called. A socket that is lost is opened
 * again, sooner when the network or the page comes back. `renew` is a document whose answer shows that the session
 * lasts; once it does not, `over` is called with the Refused, and nothing is tried any more. `ready` is called whenever
 * watching has begun: what happened before is not told.
 */
export function watch(document, variables, { tell, renew, over = () => {}, ready = () => {} }) {
  let socket = null;
  let timer = null;
  let tries = 0;
  let ended = false;

  function open() {
    clearTimeout(timer);
    if (ended || socket || !navigator.onLine) return;
    socket = new WebSocket(new URL(document.api, location.href.replace(/^http/, "ws")), PROTOCOL);
    socket.onopen = () => say({ type: "connection_init", payload: { session: "cookie" } });
    socket.onmessage = ({ data }) => hear(JSON.parse(data));
    socket.onclose = ({ code }) => lost(code === 4401 || code === 4403);
  }

  function say(message) {
    socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));
  }

  function hear(message) {
    if (message.type === "connection_ack") {
      say({ id: "1", type: "subscribe", payload: { documentId: document.id, operationName: document.name, variables } });
      ready();
    } else if (message.type === "next" && message.payload.data) {
      tries = 0;
      tell(message.payload.data);
    } else if (message.type === "ping") say({ type: "pong" });
    // The server has ended it: the card is not there any more, or this page has become too old.
    else if (message.type === "error" || message.type === "complete") close();
  }

  /** An access token has its time: any request over HTTP renews it. */
  async function lost(expired) {
    socket = null;
    if (ended) return;
    try {
      if (expired) await ask(renew);
    } catch (error) {
      if (error instanceof Refused && error.signedOut) {
        close();
        return over(error);
      }
      if (!(error instanceof Lost) && !(error instanceof Refused)) throw error;
    }
    if (ended) return;
    const pause = Math.min(SOONEST_MS * 2 ** tries, LATEST_MS) * (0.5 + Math.random() / 2);
    tries += 1;
    timer = setTimeout(open, expired && tries === 1 ? 0 : pause);
  }

  function hurry() {
    if (globalThis.document.visibilityState === "visible" && !socket) {
      tries = 0;
      open();
    }
  }

  function close() {
    ended = true;
    clearTimeout(timer);
    removeEventListener("online", hurry);
    removeEventListener("visibilitychange", hurry);
    socket?.close(1000);
    socket = null;
  }

  addEventListener("online", hurry);
  addEventListener("visibilitychange", hurry);
  open();
  return close;
}
