// What the till sounds like: heard across the counter, and felt in the hand.

import { settings } from "./device.js";

const TUNES = {
  scanned: [[880, 0, 0.08]],
  recorded: [[660, 0, 0.12], [880, 0.11, 0.12], [1320, 0.22, 0.22]],
  refused: [[220, 0, 0.25]],
};
const SHAKES = { scanned: 30, recorded: [60, 40, 120], refused: [120, 60, 120] };

let device = null;

/** Browsers let a page sound once it has been touched; to be called at the first touch. */
export function wake() {
  device ??= globalThis.AudioContext ? new AudioContext() : null;
  if (device?.state === "suspended") device.resume().catch(() => {});
}

/** "scanned", "recorded" or "refused". */
export function sound(name) {
  if (!settings.value.sound) return;
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(SHAKES[name]);
  if (device?.state !== "running") return;
  for (const [hertz, after, lasts] of TUNES[name]) note(hertz, device.currentTime + after, lasts);
}

function note(hertz, at, lasts) {
  const tone = new OscillatorNode(device, { type: "triangle", frequency: hertz });
  const loudness = new GainNode(device, { gain: 0 });
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.3, at + 0.01);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + lasts);
  tone.connect(loudness).connect(device.destination);
  tone.start(at);
  tone.stop(at + lasts);
}
