// Whether the network is there. The browser knows when it certainly is not; that a request is lost tells the rest.

import { useEffect, useState } from "./html.js";

/** False while the browser has no network at all. */
export function useOnline() {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online;
}
