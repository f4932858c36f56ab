/** The public API as an ops script would use it: fetch and a bearer token. */
import { z } from "zod";

export const Problem = z.object({
  code: z.string(),
  status: z.number(),
  detail: z.string(),
  faults: z.array(z.unknown()).optional(),
});
export type Problem = z.infer<typeof Problem>;

export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

export interface Server {
  id: string;
  name: string;
  want: string;
  have: string;
  tier: string | null;
  state: string;
  cause: { kind: string; source?: string } | null;
  players: { online: number; max: number; names?: string[] } | null;
  error: { code: string; message: string } | null;
  addresses: { name: string; protocol: string; host: string; port: number }[];
  can: Record<string, boolean>;
}
export interface ServerEvent {
  id: string;
  seq: number;
  at: number;
  kind: string;
  cause: { kind: string; source?: string } | null;
  data: Record<string, string | number | boolean | null>;
}
export interface Node {
  id: string;
  session: string;
  capabilities: Record<string, string | number | boolean>;
}

export interface Api {
  readonly token: string;
  /** @throws Refused with the problem document for every answer that is not 2xx. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  create(body: Record<string, unknown>): Promise<Server>;
  server(id: string): Promise<Server>;
  servers(): Promise<Server[]>;
  events(id: string): Promise<ServerEvent[]>;
  nodes(): Promise<Node[]>;
}

const requestLimitMs = 20_000;

export async function request(
  url: string,
  method: string,
  path: string,
  token?: string,
  body?: unknown,
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method,
    signal: AbortSignal.timeout(requestLimitMs),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function answerOf<T>(response: Response): Promise<T> {
  const text = await response.text();
  const json: unknown = text === "" ? undefined : JSON.parse(text);
  if (!response.ok) throw new Refused(Problem.parse(json));
  return json as T;
}

export async function connect(url: string, admin: { email: string; password: string }): Promise<Api> {
  const { token } = await answerOf<{ token: string }>(
    await request(url, "POST", "/api/v1/auth/login", undefined, admin),
  );
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
    answerOf<T>(await request(url, method, path, token, body));
  const items = async <T>(path: string): Promise<T[]> => (await call<{ items: T[] }>("GET", path)).items;
  return {
    token,
    call,
    create: (body) => call("POST", "/api/v1/servers", body),
    server: (id) => call("GET", `/api/v1/servers/${id}`),
    servers: () => items("/api/v1/servers?limit=100"),
    events: (id) => items(`/api/v1/servers/${id}/events?limit=100`),
    nodes: () => items("/api/v1/nodes"),
  };
}
