// Check-in codes as a till may read them by itself: their form, their end, their signature. docs/TOKENS.md has the format.

const TOKEN_DIGITS = 218;
const TYPED_DIGITS = 10;
const SIGNED_BYTES = 89;
const PAYLOAD_BYTES = 25;
const LEEWAY_SECONDS = 5;
const PURPOSES = { 1: "EARN", 2: "REDEEM" };

// The quasigroup of order 10 of H. M. Damm, "Total anti-symmetrische Quasigruppen" (2004), p. 111.
const DAMM = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"];

/** What was scanned or typed without the blanks that scanners and people put in. */
export function plain(text) {
  return text.replace(/\s+/g, "");
}

export function isToken(text) {
  return text.length === TOKEN_DIGITS && /^9[0-9]+$/.test(text);
}

/** Ten digits of which the last one fits: no single slip of a finger, and no two neighbours swapped. */
export function isTyped(text) {
  return text.length === TYPED_DIGITS && /^[0-9]+$/.test(text) && dammOf(text) === 0;
}

/** 0 for digits that end with their check digit. */
export function dammOf(digits) {
  return Array.from(digits).reduce((state, digit) => Number(DAMM[state][Number(digit)]), 0);
}

/**
 * What the token says, nothing of it being proved: its key, its purpose, whose card by a number that means nothing
 * elsewhere, its end in ms, its own number. Null for what is no token.
 */
export function read(text) {
  if (!isToken(text)) return null;
  const number = BigInt(text.slice(3));
  if (number >= 1n << BigInt(8 * SIGNED_BYTES)) return null;
  const bytes = bytesOf(number);
  const facts = new DataView(bytes.buffer);
  const purpose = PURPOSES[facts.getUint8(0)];
  if (!purpose) return null;
  return {
    kid: text.slice(1, 3),
    purpose,
    program: facts.getUint32(1),
    reference: String(facts.getBigUint64(5)),
    endsAt: facts.getUint32(13) * 1000,
    jti: String(facts.getBigUint64(17)),
    bytes,
  };
}

/** Whether its time is over at that moment, in ms. */
export function isOver(token, now) {
  return now >= token.endsAt + LEEWAY_SECONDS * 1000;
}

/** Whether one of the keys signed it: true, false, or null where this browser cannot tell. */
export async function isSigned(token, keys) {
  const jwk = keys?.find((key) => key.kid === token.kid);
  if (!globalThis.crypto?.subtle || !keys) return null;
  if (!jwk) return false;
  try {
    const key = await crypto.subtle.importKey("jwk", { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, token.bytes.slice(PAYLOAD_BYTES), signingInput(token));
  } catch {
    return null;
  }
}

function signingInput({ kid, bytes }) {
  const header = new TextEncoder().encode(`{"alg":"EdDSA","kid":"${kid}","typ":"ci+jws"}`);
  return new TextEncoder().encode(`${base64url(header)}.${base64url(bytes.slice(0, PAYLOAD_BYTES))}`);
}

function bytesOf(number) {
  const hex = number.toString(16).padStart(2 * SIGNED_BYTES, "0");
  return Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
