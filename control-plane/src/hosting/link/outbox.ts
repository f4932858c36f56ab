/** Keeps one agent's desired state up to date: what was sent, what is newer, and when everything is sent again. */
import type { ControlFrame } from "@playspawn/shared";
import type { SessionStore } from "./wire.ts";

type Want = "nothing" | "changes" | "snapshot";

export interface Outbox {
  /** Newest revision that was sent. */
  rev(): number;
  /** Sends what is new, or everything; at most one of each waits. */
  want(what: "changes" | "snapshot"): void;
  /** @param agentRev what the agent says it has applied @param ownRev what the database holds */
  heartbeat(agentRev: number, ownRev: number): void;
}

export interface OutboxDeps {
  nodeId: string;
  epoch: number;
  /** Revision of the snapshot that the agent was welcomed with. */
  rev: number;
  store: Pick<SessionStore, "snapshot" | "changes">;
  send(frame: ControlFrame): void;
  pushed(): void;
  fail(error: unknown): void;
  over(): boolean;
}

export function outbox({ nodeId, epoch, store, send, ...deps }: OutboxDeps): Outbox {
  let sentRev = deps.rev;
  let wanted: Want = "nothing";
  let working = false;
  let lagging = false;

  const sendSnapshot = async (): Promise<void> => {
    const { rev, snapshot, adopt } = await store.snapshot(nodeId);
    send({ t: "snapshot", epoch, rev, snapshot, adopt });
    sentRev = rev;
  };
  /** @returns whether more may follow */
  const sendChanges = async (): Promise<boolean> => {
    const changes = await store.changes(nodeId, sentRev);
    if (!changes) return false;
    send({ t: "desired", epoch, prev: sentRev, ...changes });
    sentRev = changes.rev;
    deps.pushed();
    return true;
  };
  const work = async (): Promise<void> => {
    working = true;
    try {
      while (wanted !== "nothing" && !deps.over()) {
        const what = wanted;
        wanted = "nothing";
        if (what === "snapshot") await sendSnapshot();
        else if (await sendChanges()) want("changes");
      }
    } catch (error) {
      deps.fail(error);
    } finally {
      working = false;
    }
  };
  const want = (what: "changes" | "snapshot"): void => {
    if (wanted !== "snapshot") wanted = what;
    if (!working) void work();
  };

  return {
    rev: () => sentRev,
    want,
    heartbeat(agentRev, ownRev) {
      if (ownRev !== sentRev) want("changes");
      const behind = agentRev < sentRev;
      // One heartbeat may cross a push on the way; two behind mean that it got lost.
      if (behind && lagging) want("snapshot");
      lagging = behind && !lagging;
    },
  };
}
