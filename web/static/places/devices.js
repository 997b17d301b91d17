// The devices on which the customer is signed in.

import { html, useState } from "../lib/html.js";
import * as documents from "../documents.js";
import { moment } from "../lib/format.js";
import { askOne } from "../lib/graphql.js";
import { refresh } from "../lib/query.js";
import { Button, useWork } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { Ended } from "./once.js";

export function Devices({ sessions }) {
  const [news, setNews] = useState("");
  return html`<section class="panel" aria-labelledby="devices">
    <h2 id="devices">${t("Your devices")}</h2>
    <p class="quiet">${t("Is there one that you do not know? Sign it out.")}</p>
    <ul class="rows">${sessions.map((session) => html`<li key=${session.id}><${Device} session=${session}
      told=${setNews} /></li>`)}</ul>
    <p class="news" role="status">${news}</p>
  </section>`;
}

function Device({ session, told }) {
  const { id, deviceName, lastSeenAt, current } = session;
  const [refused, refuse] = useState(null);
  const work = useWork(async () => {
    const result = await askOne(documents.endSession, { sessionId: id });
    // One that is not there any more is signed out, too.
    result.sessionId || result.__typename === "NotFound"
      ? told(t("{device} is signed out.", { device: deviceName }))
      : refuse(result);
    await refresh(documents.profile);
  });
  return html`<span><strong>${deviceName}</strong><small
    class="quiet">${current ? t("This device") : t("Last here: {moment}", { moment: moment(lastSeenAt) })}</small><${Ended}
    refused=${refused} work=${work} /></span>
    ${!current && html`<${Button} kind="plain" busy=${work.busy} onPress=${() => work.start()}
      aria-label=${t("Sign out {device}", { device: deviceName })}>${t("Sign out")}<//>`}`;
}
