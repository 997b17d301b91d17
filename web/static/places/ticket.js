// A gift as it is seen: its picture, what it is worth, whose shop.

import { html } from "../lib/html.js";
import { colours, Names } from "../app/face.js";
import { worthOf } from "./worth.js";

/** The gift as a ticket, in the colour of the shop. */
export function Ticket({ gift }) {
  const { program } = gift.card;
  return html`<div class="ticket" style=${colours(program)}>
    ${gift.design && html`<img src=${new URL(gift.design.imageUrl).pathname} alt=${gift.design.altText} width="600"
      height="300" />`}
    <p class="worth">${worthOf(gift)}</p>
    <${Names} program=${program} />
  </div>`;
}
