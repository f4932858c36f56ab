/** The names this program gives to the shapes of the API. */
import type { components } from "@playspawn/shared/api/schema.gen.ts";

type Schemas = components["schemas"];

export type Server = Schemas["Server"];
export type Game = Schemas["Game"];
export type GameSource = Schemas["GameSource"];
export type GameTest = Schemas["GameTest"];
export type GameTestStep = Schemas["GameTestStep"];
export type Node = Schemas["Node"];
export type ServerStats = Schemas["ServerStats"];
export type UpdateServer = Schemas["UpdateServer"];
export type CreateServer = Schemas["CreateServer"];
