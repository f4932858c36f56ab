import { useEffect, useRef, type RefObject } from "react";

/** After a refused submit the first field with a fault gets the focus, which also scrolls it into view. */
export function useFocusFault(faults: Record<string, string>): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  const found = Object.keys(faults).join(" ");
  useEffect(() => {
    if (found !== "") form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [found]);
  return form;
}
