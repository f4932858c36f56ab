import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

/**
 * For a group of buttons that come and go: when the one with the focus goes, the next one gets it, or the group itself,
 * which must take a focus (`tabIndex={-1}`). Without this the keyboard would start from the top of the page again.
 */
export function useKeptFocus(): RefObject<HTMLDivElement | null> {
  const group = useRef<HTMLDivElement>(null);
  const inside = useRef(false);
  useEffect(() => {
    // A press beside it takes the focus away on purpose, and makes no focusin.
    const noticed = ({ target }: Event): void => {
      inside.current = target instanceof Node && (group.current?.contains(target) ?? false);
    };
    document.addEventListener("focusin", noticed);
    document.addEventListener("pointerdown", noticed);
    return () => {
      document.removeEventListener("focusin", noticed);
      document.removeEventListener("pointerdown", noticed);
    };
  }, []);
  useLayoutEffect(() => {
    const nowhere = document.activeElement === null || document.activeElement === document.body;
    if (inside.current && nowhere) (group.current?.querySelector("button") ?? group.current)?.focus();
  });
  return group;
}
