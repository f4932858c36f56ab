import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { ports } from "../ports.ts";
import { openLive, type Live, type LiveState } from "./live.ts";

const resting: Live = { state: () => "connecting", subscribe: () => () => {}, close() {} };
const LiveContext = createContext<Live>(resting);

/** Keeps the live socket open as long as it is mounted. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [live, setLive] = useState<Live>(resting);
  useEffect(() => {
    const opened = openLive(client, ports);
    setLive(opened);
    return () => opened.close();
  }, [client]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLiveState(): LiveState {
  const live = use(LiveContext);
  return useSyncExternalStore(live.subscribe, live.state);
}
