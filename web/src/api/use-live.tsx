import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { ports } from "../ports.ts";
import { createLive, type Live, type LiveState } from "./live.ts";

const LiveContext = createContext<Live | undefined>(undefined);

/** Keeps the live socket open as long as it is mounted. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [live] = useState(() => createLive(client, ports));
  useEffect(() => live.open(), [live]);
  useEffect(() => {
    const looked = (): void => {
      if (document.visibilityState === "visible") live.stir();
    };
    window.addEventListener("online", live.stir);
    document.addEventListener("visibilitychange", looked);
    return () => {
      window.removeEventListener("online", live.stir);
      document.removeEventListener("visibilitychange", looked);
    };
  }, [live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** How the live socket is; only below `LiveProvider`. */
export function useLiveState(): LiveState {
  const live = use(LiveContext);
  if (!live) throw new Error("useLiveState needs a LiveProvider above it");
  return useSyncExternalStore(live.subscribe, live.state);
}
