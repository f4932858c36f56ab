import { useEffect, useState } from "react";
import { ports } from "../ports.ts";

/** True once `on` has lasted for `ms`: what is over sooner is not worth moving the page for. */
export function useLasting(on: boolean, ms: number): boolean {
  const [lasted, setLasted] = useState(false);
  useEffect(() => {
    if (!on) return;
    const cancel = ports.timers.after(ms, () => setLasted(true));
    return () => {
      cancel();
      setLasted(false);
    };
  }, [on, ms]);
  return on && lasted;
}
