// Which part of the page is shown: its address says so, so reload, back, forward and a second tab are right by themselves.

import { html, useEffect, useState } from "./html.js";

/** The path as it is now; whoever uses it is drawn again when it changes. */
export function usePath() {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const moved = () => setPath(location.pathname);
    addEventListener("popstate", moved);
    moved(); // One may have gone on before anybody listened.
    return () => removeEventListener("popstate", moved);
  }, []);
  return path;
}

/** What the address says behind its path, e.g. "?step=2"; whoever uses it is drawn again when it changes. */
export function useSearch() {
  const [search, setSearch] = useState(location.search);
  useEffect(() => {
    const moved = () => setSearch(location.search);
    addEventListener("popstate", moved);
    moved(); // One may have gone on before anybody listened.
    return () => removeEventListener("popstate", moved);
  }, []);
  return search;
}

/** Goes there. `replace` leaves nothing to go back to. */
export function go(path, { replace = false } = {}) {
  if (path === location.pathname + location.search) return;
  // Whoever comes back finds the page where it was.
  history.replaceState({ ...history.state, scroll: scrollY }, "");
  // What came before within this page is worth going back to; what came before it is somebody else's.
  const state = { within: !replace || Boolean(history.state?.within) };
  replace ? history.replaceState(state, "", path) : history.pushState(state, "", path);
  dispatchEvent(new PopStateEvent("popstate", { state }));
}

/** Back to where one came from within this page, or to `home` where one came from elsewhere. */
export function back(home) {
  history.state?.within ? history.back() : go(home, { replace: true });
}

/** A link within the page. With Ctrl, a middle button and so on it is as any other link. */
export function Link({ to, children, ...attributes }) {
  const follow = (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${to} onClick=${follow} ...${attributes}>${children}</a>`;
}
