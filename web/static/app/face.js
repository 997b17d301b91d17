// How a card looks: in the colour of its shop.

import { html } from "../lib/html.js";
import { number, unit } from "../lib/format.js";
import { t } from "../lib/words.js";

/** The merchant's colours, for the style of whatever stands in them. */
export function colours({ color, onColor }) {
  return { "--card": color, "--on-card": onColor, "--deeper": onColor === "#ffffff" ? "#000000" : "#ffffff" };
}

/** The logo, or the first letter of the name. It says nothing: the name stands beside it. */
export function Mark({ program }) {
  if (program.logoUrl) return html`<img class="mark" src=${program.logoUrl} alt="" width="44" height="44" />`;
  return html`<span class="mark letter" aria-hidden="true">${[...program.merchantName][0]}</span>`;
}

/** The name of the program, and under it the shop's where that is another. */
export function Names({ program }) {
  const { name, merchantName } = program;
  return html`<span class="names">
    <strong>${name}</strong>${merchantName !== name && html`<small>${merchantName}</small>`}
  </span>`;
}

/** A card as it lies in the wallet. */
export function Face({ card }) {
  const { program, balance, stamps, tier } = card;
  return html`<span class="face" style=${colours(program)}>
    <span class="face-top">
      <${Mark} program=${program} /><${Names} program=${program} />
      ${tier && html`<span class="tier-name">${tier.name}</span>`}
    </span>
    <span class="face-foot">
      <span class="amount"><strong>${number(balance.active)}</strong> ${unit(balance.active, program)}</span>
      ${stamps && html`<${Dots} stamps=${stamps} />`}
    </span>
  </span>`;
}

const DOTS_MAX = 12;

/** The stamps of a punch card as dots; of a long one as a number. */
export function Dots({ stamps }) {
  const { needed } = stamps;
  const collected = Math.max(stamps.collected, 0);
  const said = t("{collected} of {needed} stamps", { collected: number(stamps.collected), needed: number(needed) });
  if (needed > DOTS_MAX) return html`<span class="dots">${said}</span>`;
  const dots = Array.from({ length: needed }, (_, at) => html`<i class=${at < collected ? "full" : ""}></i>`);
  return html`<span class="dots" role="img" aria-label=${said}>${dots}</span>`;
}
