// The service worker of /app and of /till, one registration each. The server puts VERSION and FILES before this text:
// FILES are the addresses of all that a page is made of, VERSION changes with any of them.

const scope = new URL(registration.scope).pathname;
const name = `regulars ${scope} ${VERSION}`;
const WORDS = /\/static\/words\/[\w.-]+\.js/g;

addEventListener("install", (event) => event.waitUntil(install()));

addEventListener("activate", (event) => event.waitUntil(activate()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (LOOKS.test(address.pathname)) event.respondWith(picture(request));
});

addEventListener("message", (event) => {
  if (event.data === "take over") skipWaiting();
  else if (event.data === "other language") event.waitUntil(keepPage().finally(() => event.ports[0].postMessage("done")));
});

const LOOKS = /^\/(program-logos|gift-designs)\//;

async function install() {
  const cache = await caches.open(name);
  await cache.addAll(FILES[scope].map((file) => new Request(file, { cache: "no-cache" })));
  await keepPage();
}

/** The page itself, as the server writes it in the reader's language, and the words of that language. */
async function keepPage() {
  const cache = await caches.open(name);
  const answer = await fetch(scope, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(`${scope}: ${answer.status}`);
  const words = new Set((await answer.clone().text()).match(WORDS));
  await cache.addAll([...words].map((file) => new Request(file, { cache: "no-cache" })));
  await cache.put(scope, answer);
}

async function activate() {
  const mine = (known) => known.startsWith(`regulars ${scope} `) && known !== name && !known.endsWith(" looks");
  await Promise.all((await caches.keys()).filter(mine).map((known) => caches.delete(known)));
  await clients.claim();
}

async function page(request) {
  const kept = await (await caches.open(name)).match(scope);
  return kept ?? fetch(request);
}

async function file(request) {
  const cache = await caches.open(name);
  const kept = await cache.match(request, { ignoreSearch: true });
  return kept ?? fetch(request);
}

/** Logos and designs never change under their address. */
async function picture(request) {
  const cache = await caches.open(`regulars ${scope} looks`);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
