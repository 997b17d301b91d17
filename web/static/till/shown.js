// A value that parts of the page are drawn from, and drawn again when it changes.

import { useEffect, useState } from "../lib/html.js";

/** Has `value`, `set(next)`, `change(partly)` for objects, `use()` for parts, and `listen(heard)`, which returns how to stop. */
export function shown(first) {
  const listeners = new Set();
  const found = {
    value: first,
    set(next) {
      found.value = next;
      for (const heard of [...listeners]) heard(next);
    },
    change(partly) {
      found.set({ ...found.value, ...partly });
    },
    listen(heard) {
      listeners.add(heard);
      return () => listeners.delete(heard);
    },
    use() {
      const [, draw] = useState(0);
      useEffect(() => found.listen(() => draw((count) => count + 1)), []);
      return found.value;
    },
  };
  return found;
}
