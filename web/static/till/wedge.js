// A scanner that types: it is a keyboard to the computer. What it types is caught wherever the focus is, known by its
// speed and its length, and taken out again of wherever it went. Which letter a key stands for does not matter: on a
// French keyboard the digits are &é"', and the keys are the same.

import { isToken, isTyped } from "./codes.js";

// Between two keys: a slow Bluetooth scanner needs some 50 ms, a fast typist more than 70.
const LONGEST_PAUSE_MS = 120;
const FAST_MS = 45;
// How long nothing may come after digits before they are taken for all of them. The first ten of a long code may look
// like a short one, and a busy device is late with keys.
const ENDED_MS = { token: 60, typed: 300, misread: 800 };
const NO_PERSON = 8;
const DIGIT = /^(?:Digit|Numpad)([0-9])$/;

/**
 * Listens until the returned function is called. `scanned` gets the digits of a code, `misread` is called for fast
 * digits that are none, `remember` returns how to undo what keys have done outside of fields since then.
 */
export function listenToScanner({ scanned, misread, remember }) {
  let burst = null;
  let timer = null;

  function hear(event) {
    const digit = DIGIT.exec(event.code)?.[1];
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) burst = null;
    else if (digit) add(digit, event);
    else if (["Enter", "NumpadEnter", "Tab"].includes(event.code)) end(event);
    else if (!/^(?:Shift|Space|NumLock)/.test(event.code)) burst = null;
  }

  function add(digit, event) {
    if (burst && event.timeStamp - burst.last > LONGEST_PAUSE_MS) burst = null;
    burst ??= { digits: "", first: event.timeStamp, undo: undoOf(event.target, remember) };
    burst.digits += digit;
    burst.last = event.timeStamp;
    clearTimeout(timer);
    const good = isCode(burst);
    if (!good && burst.digits.length < NO_PERSON) return;
    const pause = isToken(burst.digits) ? ENDED_MS.token : good ? ENDED_MS.typed : ENDED_MS.misread;
    timer = setTimeout(finish, pause, burst, good);
  }

  function end(event) {
    const ended = burst && event.timeStamp - burst.last <= LONGEST_PAUSE_MS ? burst : null;
    if (!ended || !(isCode(ended) || isNoCode(ended))) return void (burst = null);
    event.preventDefault();
    event.stopImmediatePropagation();
    finish(ended, isCode(ended));
  }

  function finish(ended, good) {
    clearTimeout(timer);
    if (burst !== ended) return;
    burst = null;
    if (!good && !isNoCode(ended)) return;
    ended.undo.run();
    good ? scanned(ended.digits) : misread();
  }

  addEventListener("keydown", hear, true);
  return () => {
    clearTimeout(timer);
    removeEventListener("keydown", hear, true);
  };
}

function isCode(burst) {
  return isToken(burst.digits) || (isTyped(burst.digits) && isFast(burst));
}

/** Too fast for a person, and no code: in a field it is what the field is for, elsewhere nobody meant it. */
function isNoCode(burst) {
  return burst.digits.length >= NO_PERSON && isFast(burst) && !burst.undo.field;
}

function isFast({ digits, first, last }) {
  return (last - first) / (digits.length - 1) <= FAST_MS;
}

function undoOf(target, remember) {
  if (!target?.matches?.("input, textarea")) return { field: false, run: remember() };
  const { value } = target;
  const outside = remember();
  return {
    field: true,
    run() {
      target.value = value;
      target.dispatchEvent(new Event("input", { bubbles: true }));
      outside();
    },
  };
}
