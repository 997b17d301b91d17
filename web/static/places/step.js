// One step of a form in several: its heading, its fields, and the way on.

import { html, useEffect, useRef } from "../lib/html.js";
import { useId } from "../lib/ui.js";

/** The keyboard is led to the heading if `lead`, and to the first field with something `wrong`. */
export function Step({ title, lead, wrong, next, children }) {
  const form = useRef(null);
  const heading = useRef(null);
  useEffect(() => {
    if (lead) heading.current.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    form.current.querySelector('[aria-invalid="true"], [data-wrong] input')?.focus();
  }, [wrong]);
  const submit = (event) => {
    event.preventDefault();
    next();
  };
  return html`<form class="step" ref=${form} noValidate onSubmit=${submit}>
    <h2 ref=${heading} tabindex="-1">${title}</h2>
    ${children}
  </form>`;
}

/** One of several. An option has a `value`, a `label`, and may have a `hint`, a `picture`, and be `closed`. */
export function Choice({ legend, options, value, onValue, problem, kind = "" }) {
  const id = useId("choice");
  return html`<fieldset class=${`choice ${kind}`} data-wrong=${problem ? "" : null}
    aria-describedby=${problem ? `${id}-problem` : null}>
    <legend>${legend}</legend>
    <div class="options">
      ${options.map(
        (option) => html`<label key=${option.value} class=${option.closed ? "closed" : ""}>
          <input type="radio" name=${id} checked=${option.value === value} disabled=${option.closed}
            onChange=${() => onValue(option.value)} />
          ${option.picture ? html`<img src=${option.picture} alt=${option.label} width="280" height="160"
            loading="lazy" />` : html`<span><strong>${option.label}</strong>${option.hint && html`<small>${option.hint}</small>`}</span>`}
        </label>`,
      )}
    </div>
    <p class="problem" id=${`${id}-problem`} role="alert">${problem}</p>
  </fieldset>`;
}
