// The service worker: the page works from the device at once, and without a network.

/** Registers it for this page; `outdated` is called when a newer version of the page waits to take over. */
export async function register(scope, { outdated = () => {} } = {}) {
  let registration = null;
  // The server no longer knows what this page asks. Where nothing newer is on its way to this device, it is here already.
  addEventListener("outdated", async () => {
    await registration?.update().catch(() => {});
    if (!registration?.installing) outdated();
  });
  if (!("serviceWorker" in navigator)) return;
  // Trusted Types: a worker is code, so its address has to be vouched for (w3.org/TR/trusted-types).
  const policy = globalThis.trustedTypes?.createPolicy("worker", {
    createScriptURL: (address) => (address === "/sw.js" ? address : null),
  });
  const address = policy ? policy.createScriptURL("/sw.js") : "/sw.js";
  registration = await navigator.serviceWorker.register(address, { scope }).catch(() => null);
  if (!registration) return;
  const look = () => registration.waiting && navigator.serviceWorker.controller && outdated();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
  look();
}

/** The newer version takes over, and the page is loaded again. */
export async function renewPage(scope) {
  const registration = await navigator.serviceWorker?.getRegistration(scope);
  if (!registration?.waiting) return location.reload();
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration.waiting.postMessage("take over");
}

/** The page in another language, from now on, also without a network. Comes back by a reload. */
export async function changeLanguage(tag, scope) {
  document.cookie = `regulars-language=${encodeURIComponent(tag)}; Path=/; Max-Age=31536000; SameSite=Strict`;
  const registration = await navigator.serviceWorker?.getRegistration(scope);
  const worker = registration?.active;
  if (worker) await new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    setTimeout(resolve, 3_000);
    worker.postMessage("other language", [port2]);
  });
  location.reload();
}
