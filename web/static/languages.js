// Choosing the language of a page, from now on.

import { changeLanguage } from "./lib/worker.js";

const choice = document.querySelector("#language");

// A browser that loads a page again may remember another choice than the page is written in.
choice.value = choice.querySelector("[selected]").value;
choice.addEventListener("change", () => changeLanguage(choice.value, "/app"));
document.querySelector("#languages").hidden = false;
