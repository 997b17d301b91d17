// The camera: begun by one touch, and by itself from then on.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { Icon } from "../lib/icons.js";
import { Button } from "../lib/ui.js";
import { t } from "../lib/words.js";
import { seenByCamera } from "./arriving.js";
import { newDetector } from "./detector.js";
import { choose, settings } from "./device.js";

const LOOK_EVERY_MS = 160;

/** The camera's picture, or how to come to one. `small`: beside a sale. */
export function Camera({ small }) {
  const { camera, facing } = settings.use();
  const [state, setState] = useState(camera ? "starting" : "off");
  const video = useRef(null);
  const seen = useSeen();
  useEffect(() => {
    if (!camera) return setState((was) => (["denied", "missing"].includes(was) ? was : "off"));
    if (!seen) return undefined;
    return run({ video: video.current, facing, tell: setState });
  }, [camera, facing, seen]);
  const start = () => {
    setState("starting");
    choose({ camera: true });
  };
  return html`<section class=${`camera ${state}${small ? " small" : ""}`} aria-label=${t("Camera")}>
    <video ref=${video} muted playsinline aria-hidden="true"></video>
    ${state === "on" && !small && html`<span class="frame" aria-hidden="true"></span>`}
    ${state !== "on" && !small && html`<div class="camera-words"><${Icon} name="scan" size=${48} /><${Words} state=${state} start=${start} /></div>`}
  </section>`;
}

function Words({ state, start }) {
  if (state === "starting") return html`<p>${t("The camera is starting…")}</p>`;
  if (state === "denied") {
    return html`<p>${t("This browser may not use the camera. Allow it beside the address of this page, or go on with a scanner or the ten digits.")}</p>
      <${Button} kind="second" onPress=${start}>${t("Try again")}<//>`;
  }
  if (state === "missing") {
    return html`<p>${t("No camera was found. A scanner works, and so do the ten digits under the code.")}</p>
      <${Button} kind="second" onPress=${start}>${t("Try again")}<//>`;
  }
  return html`<p>${t("Point the camera at the customer's code.")}</p><${Button} onPress=${start}>${t("Start the camera")}<//>`;
}

/** Whether anybody can see the page: a camera that runs unseen frightens people and empties batteries. */
function useSeen() {
  const [seen, setSeen] = useState(document.visibilityState === "visible");
  useEffect(() => {
    const look = () => setSeen(document.visibilityState === "visible");
    addEventListener("visibilitychange", look);
    return () => removeEventListener("visibilitychange", look);
  }, []);
  return seen;
}

/** Runs the camera until the returned function is called. */
function run({ video, facing, tell }) {
  let ended = false;
  let stream = null;
  let timer = null;
  const stop = () => {
    ended = true;
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  };
  const failed = (error) => {
    if (ended) return;
    stop();
    // Asked for again by a touch, not by itself.
    choose({ camera: false });
    tell(["NotAllowedError", "SecurityError"].includes(error.name) ? "denied" : "missing");
  };
  (async () => {
    if (!navigator.mediaDevices) throw new DOMException("", "NotFoundError");
    const wanted = { facingMode: { ideal: facing }, width: { ideal: 1280 }, height: { ideal: 720 } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    if (ended) return stop();
    video.srcObject = stream;
    await video.play();
    const detect = await newDetector();
    if (ended) return;
    tell("on");
    stream.getVideoTracks()[0].addEventListener("ended", () => failed(new DOMException("", "NotFoundError")));
    const look = async () => {
      if (ended) return;
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        for (const text of await detect(video).catch(() => [])) await seenByCamera(text);
      }
      if (!ended) timer = setTimeout(look, LOOK_EVERY_MS);
    };
    look();
  })().catch(failed);
  return stop;
}
