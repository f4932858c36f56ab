/** Where a database is: a file of SQLite, or a schema in a database of PostgreSQL. */
import type { Session } from "./postgres-session.ts";

export interface SqliteFile {
  kind: "sqlite";
  path: string;
  /** `full`: a committed row survives a power cut. `normal`: the last ones may be lost, the file stays whole. */
  durability: Durability;
}

export interface PostgresSchema {
  kind: "postgresql";
  /** With user and password. */
  url: string;
  schema: string;
  durability: Durability;
  /** What each new connection goes through before anything else uses it. */
  session?: Session;
  /** How long a query waits for the server, or for the one connection; tests make it shorter. */
  answerLimitMs?: number;
}

export type Durability = "full" | "normal";
export type Place = SqliteFile | PostgresSchema;

/** The place for people: no user, no password. */
export function nameOf(place: Place): string {
  if (place.kind === "sqlite") return place.path;
  return place.schema === "public" ? serverOf(place.url) : `${serverOf(place.url)} (schema ${place.schema})`;
}

/** `postgresql://host:port/database`, without anything secret. */
export function serverOf(text: string): string {
  const url = new URL(text);
  const host = url.searchParams.get("host") ?? (url.hostname || "localhost");
  return `postgresql://${host}:${url.port || "5432"}${url.pathname}`;
}

/** The driver treats these as `verify-full`, and says with many words at each start that a later version will not. */
const strictModes = ["prefer", "require", "verify-ca"];

/** The same address with the mode named that is meant: who asks for TLS gets a server that is checked. */
export function driverUrl(text: string): string {
  const url = new URL(text);
  const { searchParams } = url;
  if (searchParams.has("uselibpqcompat") || !strictModes.includes(searchParams.get("sslmode") ?? "")) return text;
  searchParams.set("sslmode", "verify-full");
  return url.href;
}
