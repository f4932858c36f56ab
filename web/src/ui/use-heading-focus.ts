import { useEffect, useRef, type RefObject } from "react";

/** The browser itself puts the focus on a page that is loaded. */
let loaded = true;

/**
 * For the heading of a page, which must take a focus (`tabIndex={-1}`): after going there within the dashboard it has
 * the focus, so that a screen reader says where one is and the keyboard goes on from there. A field that asked for the
 * focus keeps it.
 */
export function useHeadingFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const first = loaded;
    loaded = false;
    const inField = document.activeElement?.matches("input, select, textarea, dialog *") ?? false;
    if (!first && !inField) heading.current?.focus({ preventScroll: true });
  }, []);
  return heading;
}
