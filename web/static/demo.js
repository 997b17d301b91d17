// The demo's guide: a code for the till, copying, and moving the clock.

const news = document.querySelector("#news");
const move = document.querySelector("#move");
const clock = document.querySelector("#clock");

for (const button of document.querySelectorAll("[data-copy]")) {
  // Plain http on another machine has no clipboard; the text can be selected there.
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.nextElementSibling.textContent);
    button.textContent = "Copied";
  });
}

const activate = document.querySelector("#activate");
activate.addEventListener("submit", (event) => event.preventDefault());
activate.querySelector("button").addEventListener("click", async () => {
  const shown = activate.querySelector("output");
  try {
    const { activationCode } = await (await fetch("/demo.json")).json();
    shown.textContent = activationCode.replace(/^(.{4})/, "$1 ");
  } catch {
    shown.textContent = "The demo does not answer.";
  }
});
activate.hidden = false;

move.addEventListener("submit", (event) => event.preventDefault());
move.addEventListener("click", async (event) => {
  const seconds = Number(event.target.dataset.seconds);
  if (!seconds || move.dataset.busy) return;
  move.dataset.busy = "yes";
  try {
    const response = await fetch("/demo/clock", { method: "POST", body: JSON.stringify({ advanceSeconds: seconds }) });
    const answer = await response.json();
    if (answer.clock) clock.textContent = answer.clock;
    news.textContent = answer.error ?? `Moved. It shows ${answer.clock} now.`;
  } catch {
    news.textContent = "The demo does not answer.";
  } finally {
    delete move.dataset.busy;
  }
});
move.hidden = false;
