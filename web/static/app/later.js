// The places that are not the first one a customer opens: their scripts come when they are gone to, so that the first
// one is there sooner. The service worker has them all, for when there is no network.

import { html, useEffect, useState } from "../lib/html.js";
import { Lost } from "../lib/graphql.js";
import { Failure, Waiting } from "../lib/ui.js";

const loaded = new Map();

/** The place that `load` imports; everything else is for it. */
export function Later({ load, ...facts }) {
  const [failed, fail] = useState(false);
  const [, draw] = useState(0);
  const fetch = () => {
    fail(false);
    return load().then(
      (Place) => draw(loaded.set(load, Place).size),
      () => fail(true),
    );
  };
  useEffect(() => {
    if (!loaded.has(load)) fetch();
  }, [load]);
  const Place = loaded.get(load);
  if (Place) return html`<${Place} ...${facts} />`;
  return failed ? html`<${Failure} error=${new Lost()} again=${fetch} />` : html`<${Waiting} lines=${6} />`;
}
