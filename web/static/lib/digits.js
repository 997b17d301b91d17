// Digits that people type.

/** The digits that were typed or pasted, in whichever script, as 0 to 9. */
export function digitsOf(text) {
  return Array.from(text.normalize("NFKC"), (character) => {
    if (/[0-9]/.test(character)) return character;
    if (!/\p{Nd}/u.test(character)) return "";
    // Unicode keeps each script's ten digits in a row (The Unicode Standard, 4.6).
    let first = character.codePointAt(0);
    while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
    return String((character.codePointAt(0) - first) % 10);
  }).join("");
}
