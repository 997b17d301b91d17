// Lists that go on as one scrolls.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { ask } from "../lib/graphql.js";
import { useAnswer } from "../lib/query.js";
import { Button, Failure, useWork } from "../lib/ui.js";
import { t } from "../lib/words.js";

/**
 * What is known of a list: `nodes`, the first page of which is kept on the device; `first`, as useAnswer has it; and
 * `more`, what asks for the next page, or null at the end. `listOf` finds the connection in an answer.
 */
export function useEndless(document, variables, listOf) {
  const first = useAnswer(document, variables);
  const [later, setLater] = useState({ nodes: [], end: null });
  const page = first.data && listOf(first.data);
  const end = later.end ?? page?.pageInfo;
  const more = useWork(async () => {
    const next = listOf(await ask(document, { ...variables, after: end.endCursor }));
    if (!next) return;
    // What was pushed out of the first page by something new is still in the list.
    setLater({
      nodes: joined(
        nodes,
        next.edges.map(({ node }) => node),
      ),
      end: next.pageInfo,
    });
  });
  const nodes = joined(page ? page.edges.map(({ node }) => node) : [], later.nodes);
  return { nodes: page ? nodes : null, first, more: end?.hasNextPage ? more : null };
}

function joined(before, after) {
  const known = new Set(before.map(({ id }) => id));
  return [...before, ...after.filter(({ id }) => !known.has(id))];
}

/** The end of a list: it goes on when one comes near, and by a button for whoever does not scroll. */
export function More({ more }) {
  const foot = useRef(null);
  const latest = useRef(more);
  latest.current = more;
  useEffect(() => {
    const near = ([seen]) => seen.isIntersecting && !latest.current?.error && latest.current?.start();
    const watcher = new IntersectionObserver(near, { rootMargin: "400px" });
    watcher.observe(foot.current);
    return () => watcher.disconnect();
  }, [Boolean(more), more?.busy]);
  return html`<div ref=${foot} class="more-foot">
    ${more?.error && html`<${Failure} error=${more.error} />`}
    ${more && html`<${Button} kind="second" busy=${more.busy} onPress=${more.start}>${t("Show more")}<//>`}
  </div>`;
}
