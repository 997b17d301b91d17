// What is behind "More": several lines with categories and quantities, everything that the customer can use, gift cards.

import { html, useState } from "../lib/html.js";
import { money } from "../lib/format.js";
import { Icon } from "../lib/icons.js";
import { Button, Field, Sheet, useId } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { changeLine, changeSale, minorOf, newLine } from "./counter.js";
import { Usable, usablesOf } from "./customer.js";
import { settings } from "./device.js";

/** The lines of the sale, each with what it is. */
export function LinesSheet({ sale, currency, onClose }) {
  return html`<${Sheet} title=${t("What is bought")} onClose=${onClose}>
    ${sale.lines.map((line, at) => html`<${Line} key=${line.id} line=${line} sale=${sale} currency=${currency} last=${at === sale.lines.length - 1} />`)}
    <${Button} kind="second" disabled=${!minorOf(sale.lines.at(-1).typed, currency)} onPress=${() => (changeSale({ lines: [...sale.lines, newLine()] }), onClose())}>
      <${Icon} name="plus" /> ${t("One more line")}
    <//>
    <${Button} onPress=${onClose}>${t("Done")}<//>
    <datalist id="categories">${settings.value.categories.map((category) => html`<option value=${category} />`)}</datalist>
  <//>`;
}

function Line({ line, sale, currency, last }) {
  const id = useId("kind");
  const amount = money({ amountMinor: minorOf(line.typed, currency), currency });
  const put = (partly) => changeLine(line.id, partly);
  const remove = () => changeSale({ lines: sale.lines.filter((other) => other.id !== line.id) });
  return html`<fieldset class="line">
    <legend>${last ? t("{amount}, as it stands", { amount }) : amount}</legend>
    <div class="field">
      <label for=${id}>${t("What it is")}</label>
      <select id=${id} value=${line.kind} onChange=${(event) => put({ kind: event.target.value })}>
        <option value="ITEM">${t("Goods")}</option>
        <option value="GIFT_CARD_SALE">${t("A gift card that is sold")}</option>
        <option value="TIP">${t("Tip")}</option>
        <option value="SHIPPING">${t("Shipping")}</option>
        <option value="FEE">${t("Fee")}</option>
        <option value="DEPOSIT">${t("Deposit")}</option>
      </select>
    </div>
    <div class="line-facts">
      <${Field} label=${t("Category")} hint=${t("If it counts for the points.")} list="categories" maxlength="80" autocomplete="off" value=${line.category} onValue=${(category) => put({ category })} />
      <div class="quantity" role="group" aria-label=${t("How many")}>
        <span>${t("How many")}</span>
        <button type="button" class="round" aria-label=${t("One fewer")} disabled=${line.quantity < 2} onClick=${() => put({ quantity: line.quantity - 1 })}>−</button>
        <output>${line.quantity}</output>
        <button type="button" class="round" aria-label=${t("One more")} disabled=${line.quantity >= 999} onClick=${() => put({ quantity: line.quantity + 1 })}>+</button>
      </div>
    </div>
    ${sale.lines.length > 1 && html`<${Button} kind="plain" onPress=${remove}>${t("Remove this line")}<//>`}
  </fieldset>`;
}

/** Everything that the customer can use, and any other gift card, by its number. */
export function UseSheet({ sale, onClose }) {
  const [typed, setTyped] = useState("");
  const usables = usablesOf(sale.customer);
  const add = (event) => {
    event.preventDefault();
    const digits = typed.replace(/\s+/g, "");
    if (!digits) return;
    changeSale({ tenders: [...sale.tenders, { number: digits, name: t("Gift card •••• {last4}", { last4: digits.slice(12, 16) || digits.slice(-4) }) }] });
    setTyped("");
  };
  const without = (number) => changeSale({ tenders: sale.tenders.filter((tender) => tender.number !== number) });
  return html`<${Sheet} title=${t("Pay with")} onClose=${onClose}>
    ${sale.customer.spends === false && usables.length > 0 && html`<p class="hint">${t("For this the customer touches “{choice}”, and you scan the new code. What you typed stays.", { choice: t("Spend points or a voucher") })}</p>`}
    <div class="usables">${usables.map((usable) => html`<${Usable} key=${usable.id} sale=${sale} usable=${usable} full />`)}
      ${sale.tenders.filter(({ number }) => number).map(({ number, name }) => html`<button type="button" key=${number} class="usable full" aria-pressed="true" onClick=${() => without(number)}><${Icon} name="check" size=${20} /><span>${name}</span></button>`)}
    </div>
    ${!usables.length && html`<p class="quiet">${t("This customer has nothing to use yet.")}</p>`}
    <form class="gift-number" noValidate onSubmit=${add}>
      <${Field} label=${t("Number of a gift card")} hint=${t("As it stands on the card, its PIN behind it.")} inputmode="numeric" autocomplete="off" maxlength="40" value=${typed} onValue=${setTyped} />
      <${Button} kind="second" type="submit">${t("Pay with this gift card")}<//>
    </form>
    <${Button} onPress=${onClose}>${t("Done")}<//>
  <//>`;
}
