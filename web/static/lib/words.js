// What the page says, in its language. English is what the scripts say; "words" has the translations of one language.

import { messages } from "words";
import { language } from "./language.js";

export { language };

const categories = new Intl.PluralRules(language);
const whole = new Intl.NumberFormat(language);

/** The sentence, with each {fact} in its place. */
export function t(message, facts) {
  return filled(messages[message] ?? message, facts);
}

/** One of two sentences, by the number, which both may say as {count}. */
export function n(one, many, count, facts) {
  const [single, several] = messages[many] ?? [one, many];
  const form = categories.select(Math.abs(count)) === "one" ? single : several;
  return filled(form, { count: whole.format(count), ...facts });
}

function filled(sentence, facts) {
  return facts ? sentence.replace(/\{(\w+)\}/g, (gap, name) => facts[name] ?? gap) : sentence;
}
