// The PIN of a sale that waits for the network. It is kept sealed by a key that never leaves the browser's own keeping,
// and is not kept at all where the browser can seal nothing: then the sale counts as nobody's, and waits for the owner.

import { alone, store } from "./device.js";

/** The PIN as it may be kept; null for none. */
export async function sealed(pin) {
  if (!pin || !globalThis.crypto?.subtle || !store.lasting) return null;
  try {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await sealingKey(), new TextEncoder().encode(pin));
    return { iv, data };
  } catch {
    return null;
  }
}

/** What was sealed, as it goes into an input; nothing where that is not to be had. */
export async function unsealed(kept) {
  if (!kept) return {};
  try {
    const data = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await sealingKey(), kept.data);
    return { operatorPin: new TextDecoder().decode(data) };
  } catch {
    return {};
  }
}

function sealingKey() {
  return alone("sealing", async () => {
    const kept = await store.get("device", "sealing");
    if (kept) return kept;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await store.set("device", "sealing", made);
    return made;
  });
}
