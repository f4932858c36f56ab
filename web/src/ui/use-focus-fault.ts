import { useEffect, useRef, type RefObject } from "react";

/** After a refused submit the first field with a fault gets the focus, and is shown whole, with its label and its fault. */
export function useFocusFault(faults: Record<string, string>): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  const found = Object.keys(faults).join(" ");
  useEffect(() => {
    if (found === "") return;
    const field = form.current?.querySelector<HTMLElement>("[aria-invalid]");
    // Folded away, it could not have the focus.
    field?.closest("details")?.setAttribute("open", "");
    field?.focus({ preventScroll: true });
    field?.closest("[data-field]")?.scrollIntoView({ block: "nearest" });
  }, [found]);
  return form;
}
