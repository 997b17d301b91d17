// The parts that are not the first ones to be seen: their scripts come when they are gone to, so that the first are there
// sooner. The service worker has them all, for when there is no network.

import { html, useEffect, useState } from "./html.js";
import { Lost } from "./graphql.js";
import { Failure, Waiting } from "./ui.js";

const loaded = new Map();

/** The part that `load` imports; everything else is for it. Until it is there, nothing is shown of a `sheet`. */
export function Later({ load, sheet = false, ...facts }) {
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
  if (failed) return html`<${Failure} error=${new Lost()} again=${fetch} />`;
  return sheet ? null : html`<${Waiting} lines=${6} />`;
}
