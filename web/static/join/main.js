// Becoming a member of a program: by one touch for whoever is signed in on this device, else by a mailed code.

import { html, render } from "../lib/html.js";
import { Joining } from "./joining.js";

const place = document.querySelector("#join");
const { slug, program } = place.dataset;

place.replaceChildren();
render(html`<${Joining} slug=${slug} program=${program} />`, place);
