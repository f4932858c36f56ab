/** The names this dashboard gives to the shapes of the API. */
import type { Can, Have, StateWord, Tier, Want } from "@playspawn/shared/domain/server-state.ts";
import type { Variable } from "@playspawn/shared/games/game.ts";
import type { Cause, Players, Progress } from "@playspawn/shared/wire/agent.ts";

export type { Can, Cause, Have, Players, Progress, StateWord, Tier, Variable, Want };

export type VariableValue = string | number | boolean;

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface Me {
  user_id: string;
  email: string;
  role: string;
}

export interface Game {
  id: string;
  name: string;
  description: string;
  /** Path of the logo on this host. */
  logo: string | null;
  ports: Record<string, { protocol: "tcp" | "udp"; container: number }>;
  variables: Record<string, Variable>;
  cpu: number;
  memoryBytes: number;
}

export interface TemplateFault {
  file: string;
  line: number | null;
  reason: string;
}

export interface Games {
  items: Game[];
  faults: TemplateFault[];
}

export interface Address {
  name: string;
  protocol: "tcp" | "udp";
  host: string;
  port: number;
}

export interface Server {
  id: string;
  name: string;
  game: string;
  want: Want;
  have: Have;
  tier: Tier | null;
  state: StateWord;
  cause: Cause | null;
  since: number;
  players: Players | null;
  progress: Progress | null;
  error: { code: string; message: string } | null;
  addresses: Address[];
  variables: Record<string, VariableValue>;
  idleSeconds: number | null;
  node: { id: string; name: string } | null;
  cpu: number;
  memoryBytes: number;
  createdAt: number;
  updatedAt: number;
  can: Can;
}

export interface ServerEvent {
  id: string;
  seq: number;
  at: number;
  kind: string;
  cause: Cause | null;
  data: Record<string, unknown>;
}

export interface NodeCapacity {
  memoryBytes: number;
  cpus: number;
  diskFreeBytes: number;
  ports: { from: number; to: number };
  address: string;
}

export interface Node {
  id: string;
  name: string;
  session: "connected" | "suspect" | "unreachable" | "never";
  quarantined: boolean;
  adopt: boolean;
  address: string | null;
  capacity: NodeCapacity | null;
  capabilities: Record<string, string | number | boolean> | null;
  epoch: number;
  lastSeenAt: number | null;
  version: string | null;
}

export interface JoinToken {
  token: string;
  expiresAt: number;
}

export interface CreateServer {
  name: string;
  game: string;
  variables?: Record<string, VariableValue>;
  idleSeconds?: number | null;
}

export interface UpdateServer {
  name?: string;
  variables?: Record<string, VariableValue>;
  idleSeconds?: number | null;
  want?: "auto" | "running" | "stopped";
}

/** What the live socket says. */
export type LiveMessage =
  | { t: "server"; server: Server }
  | { t: "server_removed"; id: string }
  | { t: "event"; event: ServerEvent & { serverId: string } }
  | { t: "node"; node: Node };
