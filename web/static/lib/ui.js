// The parts that the pages are put together from. Their looks are in ui.css.

import { html, useEffect, useRef, useState } from "./html.js";
import { Lost } from "./graphql.js";
import { moment } from "./format.js";
import { Icon } from "./icons.js";
import { t } from "./words.js";

let numbered = 0;

/** An id for a label to point at, the same as long as the part is there. */
export function useId(prefix = "part") {
  return useState(() => `${prefix}-${(numbered += 1)}`)[0];
}

/** A button. While `busy` it says so and cannot be pressed again, but keeps the keyboard's place. */
export function Button({ kind = "", busy = false, onPress, type = "button", children, ...attributes }) {
  const press = (event) => {
    if (busy) event.preventDefault();
    else onPress?.(event);
  };
  return html`<button type=${type} class=${`button ${kind}`} aria-disabled=${busy ? "true" : null} onClick=${press} ...${attributes}>
    ${busy ? html`<span class="spinner" aria-hidden="true"></span>${t("One moment…")}` : children}
  </button>`;
}

/** A labelled field with a hint and what is wrong with it. Other attributes go to the input. */
export function Field({ label, hint, problem, value, onValue, as = "input", fieldRef, ...attributes }) {
  const id = useId("field");
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ") || null;
  const given = {
    id,
    ref: fieldRef,
    value,
    onInput: (event) => onValue(event.target.value),
    "aria-describedby": described,
    "aria-invalid": problem ? "true" : null,
    ...attributes,
  };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${as === "textarea" ? html`<textarea ...${given}></textarea>` : html`<input ...${given} />`}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    <p class="problem" id=${`${id}-problem`} role="alert">${problem}</p>
  </div>`;
}

/** Something to be told, beside what it is about. `kind`: "" or "problem" or "good". */
export function Notice({ kind = "", icon = "info", children }) {
  return html`<div class=${`notice ${kind}`} role=${kind === "problem" ? "alert" : "status"}><${Icon} name=${icon} /><div>${children}</div></div>`;
}

/** Where nothing is: what would be here, and what to do for it. */
export function Empty({ icon, title, children }) {
  return html`<div class="empty"><${Icon} name=${icon} size=${40} /><h2>${title}</h2>${children}</div>`;
}

/** Grey shapes in the place of what is on its way, so that nothing jumps when it comes. */
export function Waiting({ lines = 3 }) {
  return html`<div class="waiting" role="status" aria-label=${t("One moment…")}>${Array.from({ length: lines }, () => html`<span></span>`)}</div>`;
}

/** What went wrong with a request as a whole, and the way on. */
export function Failure({ error, again }) {
  const said = error instanceof Lost ? t("No connection. Nothing is lost; try again in a moment.") : t("That did not work. Please try again.");
  return html`<${Notice} kind="problem" icon=${error instanceof Lost ? "offline" : "info"}>
    <p>${said}</p>
    ${again && html`<${Button} kind="plain" onPress=${again}>${t("Try again")}<//>`}
  <//>`;
}

/** The sentences of a refused mutation: one for each field, else the one for all, with the hour where it names one. */
export function refusalOf(result) {
  const sentence = result.problems?.map((problem) => problem.message).join(" ") || result.message;
  return result.retryAt ? `${sentence} (${moment(result.retryAt)})` : sentence;
}

/** What is wrong with one of the fields, of a result of type InvalidInput. Names end with the field's. */
export function problemOf(result, field) {
  return result?.problems?.find((problem) => problem.field.split(".").at(-1) === field)?.message;
}

/**
 * A sheet over the page: a dialog that Escape, its cross and a press beside it close. The browser keeps the keyboard in
 * it; afterwards it is where it was before. It begins at the title, or, where `atField`, at the field with autofocus.
 */
export function Sheet({ title, onClose, atField = false, children }) {
  const dialog = useRef(null);
  const id = useId("sheet");
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown.showModal();
    return () => {
      if (shown.open) shown.close();
      before?.focus();
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  const beside = (event) => event.target === dialog.current && onClose();
  return html`<dialog ref=${dialog} class="sheet" aria-labelledby=${id} onCancel=${cancel} onClick=${beside}>
    <div class="sheet-inside">
      <header><h2 id=${id} tabindex="-1" autofocus=${!atField}>${title}</h2><button type="button" class="round" aria-label=${t("Close")} onClick=${onClose}><${Icon} name="close" /></button></header>
      ${children}
    </div>
  </dialog>`;
}

/** Does `work` once at a time. `busy` while it runs; a Lost or Refused that ends it is in `error`. */
export function useWork(work) {
  const [state, setState] = useState({ busy: false, error: null });
  const running = useRef(false);
  const there = useRef(true);
  useEffect(() => () => void (there.current = false), []);
  async function start(...facts) {
    if (running.current) return;
    running.current = true;
    setState({ busy: true, error: null });
    let error = null;
    try {
      await work(...facts);
    } catch (raised) {
      error = raised;
      if (raised.signedOut) dispatchEvent(new Event("signed-out"));
      else if (!(raised instanceof Lost)) console.error(raised);
    } finally {
      running.current = false;
      if (there.current) setState({ busy: false, error });
    }
  }
  return { ...state, start };
}

/** Leads the keyboard and the screen reader to the heading of what has just come up. */
export function useLead(...when) {
  const heading = useRef(null);
  useEffect(() => heading.current?.focus(), when);
  return heading;
}

/** Runs every `ms`, while the page is seen. */
export function useEvery(ms, work) {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && latest.current(), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
