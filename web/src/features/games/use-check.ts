import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { checkGame } from "../../api/commands.ts";
import { ports } from "../../ports.ts";
import type { LineFault } from "./YamlEditor.tsx";

/** A pause in typing of this long has the text checked. */
const pauseMs = 500;
const none: readonly LineFault[] = [];

/** What the control plane has against a text, a moment after it was typed. `known`: what was said of the present text. */
export function useCheck(text: string): { faults: readonly LineFault[]; known: boolean } {
  const [settled, setSettled] = useState(text);
  useEffect(() => ports.timers.after(pauseMs, () => setSettled(text)), [text]);
  const check = useQuery({
    queryKey: ["game-check", settled],
    queryFn: ({ signal }) => checkGame(settled, signal),
    placeholderData: (before) => before,
    gcTime: 0,
    retry: false,
  });
  return { faults: check.data?.faults ?? none, known: settled === text && check.isSuccess && !check.isPlaceholderData };
}
