// How this device is set.

import { html, useState } from "../lib/html.js";
import { Button, Sheet } from "../lib/ui.js";
import { language, t } from "../lib/words.js";
import { changeLanguage } from "../lib/worker.js";
import { choose, settings } from "./device.js";
import { Languages } from "./languages.js";
import { lock, operator } from "./operator.js";
import { sound, wake } from "./sounds.js";

export function Settings({ terminal, onClose }) {
  const { sound: loud, facing, camera } = settings.use();
  const { pin } = operator.use();
  const [changing, setChanging] = useState(false);
  const speak = (tag) => {
    setChanging(true);
    changeLanguage(tag, "/till");
  };
  const ring = (on) => {
    choose({ sound: on });
    wake();
    if (on) sound("recorded");
  };
  return html`<${Sheet} title=${t("This till")} onClose=${onClose}>
    <dl class="facts">
      <div><dt>${t("Shop")}</dt><dd><bdi>${terminal.merchantName}</bdi></dd></div>
      <div><dt>${t("Store")}</dt><dd><bdi>${terminal.storeName}</bdi></dd></div>
      <div><dt>${t("Till")}</dt><dd><bdi>${terminal.name}</bdi></dd></div>
      <div><dt>${t("Program")}</dt><dd><bdi>${terminal.programName}</bdi></dd></div>
    </dl>
    <${Languages} label=${t("Language of this till")} value=${language.slice(0, 2)} onValue=${speak} />
    ${changing && html`<p class="news" role="status">${t("One moment…")}</p>`}
    <${Switch} label=${t("Sound and vibration")} on=${loud} put=${ring} />
    <${Switch} label=${t("Camera")} on=${camera} put=${(on) => choose({ camera: on })} />
    <${Switch} label=${t("Use the camera on the side of the screen")} on=${facing === "user"} put=${(on) => choose({ facing: on ? "user" : "environment" })} />
    ${pin && html`<${Button} kind="second" onPress=${() => (lock(), onClose())}>${t("Forget my PIN")}<//>`}
    <p class="hint">${t("This device stays a till until the owner of the shop takes that back. It then asks for a new activation code.")}</p>
    <${Button} onPress=${onClose}>${t("Done")}<//>
  <//>`;
}

function Switch({ label, on, put }) {
  return html`<label class="switch"><span>${label}</span><input type="checkbox" role="switch" checked=${on} onChange=${(event) => put(event.target.checked)} /></label>`;
}
