/** The public API as an ops script would use it: fetch and a bearer token. */
import { z } from "zod";
export declare const Problem: z.ZodObject<
  {
    code: z.ZodString;
    status: z.ZodNumber;
    detail: z.ZodString;
    faults: z.ZodOptional<z.ZodArray<z.ZodUnknown>>;
  },
  z.core.$strip
>;
export type Problem = z.infer<typeof Problem>;
export declare class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem);
}
export interface Server {
  id: string;
  name: string;
  want: string;
  have: string;
  tier: string | null;
  state: string;
  cause: {
    kind: string;
    source?: string;
  } | null;
  players: {
    online: number;
    max: number;
    names?: string[];
  } | null;
  error: {
    code: string;
    message: string;
  } | null;
  addresses: {
    name: string;
    protocol: string;
    host: string;
    port: number;
  }[];
  can: Record<string, boolean>;
}
export interface ServerEvent {
  id: string;
  seq: number;
  at: number;
  kind: string;
  cause: {
    kind: string;
    source?: string;
  } | null;
  data: Record<string, string | number | boolean | null>;
}
export interface Node {
  id: string;
  session: string;
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
export declare function request(
  url: string,
  method: string,
  path: string,
  token?: string,
  body?: unknown,
): Promise<Response>;
export declare function connect(
  url: string,
  admin: {
    email: string;
    password: string;
  },
): Promise<Api>;
