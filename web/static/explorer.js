// Asking the API by hand. What one answer tells is put into the variables of the steps after it.

import { uuid } from "./lib/uuid.js";

const { steps } = JSON.parse(document.querySelector("#told").textContent);
const part = (id) => document.getElementById(id);
const form = part("ask");
const tokens = {};
const learned = {};
let chosen = null;

// ---- choosing

async function choose(name) {
  chosen = steps.find((step) => step.name === name) ?? null;
  if (!chosen) return;
  for (const button of document.querySelectorAll("[data-step-name]")) {
    if (button.dataset.stepName === name) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }
  part("endpoint").value = chosen.endpoint;
  part("query").value = chosen.document;
  part("token").value = tokens[chosen.endpoint] ?? "";
  part("variables").value = "";
  part("variables").value = await filled(chosen.variables);
}

/** The variables with all that is known by now. What is not yet stays to be seen. */
async function filled(variables) {
  if (variables.includes("…activationCode…")) learned.activationCode = await activationCode();
  return variables.replace(/…(\w+)…/g, (gap, name) => (name === "uuid" ? uuid() : (learned[name] ?? gap)));
}

async function activationCode() {
  try {
    return (await (await fetch("/demo.json")).json()).activationCode;
  } catch {
    return undefined;
  }
}

// ---- asking

async function run() {
  part("ask-problem").textContent = "";
  const endpoint = part("endpoint").value;
  let variables;
  try {
    variables = part("variables").value.trim() ? JSON.parse(part("variables").value) : undefined;
  } catch (error) {
    part("ask-problem").textContent = `The variables are not JSON: ${error.message}`;
    return part("variables").focus();
  }
  const headers = { "Content-Type": "application/json", "Accept": "application/graphql-response+json" };
  const token = part("token").value.trim();
  tokens[endpoint] = token;
  if (token) headers["Authorization"] = `Bearer ${token}`;
  part("status").textContent = "Asking…";
  const began = performance.now();
  try {
    const body = JSON.stringify({ query: part("query").value, variables });
    const response = await fetch(endpoint, { method: "POST", headers, body, credentials: "omit" });
    const answer = await response.json();
    part("status").textContent = `Status ${response.status}, ${Math.round(performance.now() - began)} ms`;
    show(answer);
    if (answer.data) learn(answer.data);
  } catch {
    part("status").textContent = "No answer came.";
  }
}

function show(answer) {
  // The picture is shown above; its text would hide the rest.
  const shortened = (name, value) => (name === "qrSvg" ? `${value.slice(0, 40)}…` : value);
  part("answer").textContent = JSON.stringify(answer, shortened, 2);
  part("qr").hidden = true;
}

function learn(data) {
  for (const [name, path] of Object.entries(chosen?.learns ?? {})) {
    const value = path.split(".").reduce((found, key) => found?.[key], data);
    if (value === undefined || value === null) continue;
    learned[name] = value;
    if (name === "customerToken") tokens["/graphql"] = value;
    if (name === "tillToken") tokens["/pos/graphql"] = value;
    if (name === "qrSvg") {
      part("qr").src = `data:image/svg+xml,${encodeURIComponent(value)}`;
      part("qr").hidden = false;
    }
  }
}

// ---- beginning

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
part("endpoint").addEventListener("change", () => {
  part("token").value = tokens[part("endpoint").value] ?? "";
});
for (const button of document.querySelectorAll("[data-step-name]")) {
  button.addEventListener("click", () => choose(button.dataset.stepName));
}
addEventListener("hashchange", () => choose(location.hash.slice(1)));
choose(location.hash.slice(1));
