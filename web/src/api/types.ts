/** The names this dashboard gives to the shapes of the API. */
import type { Can, StateWord } from "@playspawn/shared/domain/server-state.ts";
import type { Variable } from "@playspawn/shared/games/game.ts";
import type { Cause, Progress } from "@playspawn/shared/wire/agent.ts";
import type { LiveMessage } from "@playspawn/shared/wire/live.ts";
import type { components } from "@playspawn/shared/api/schema.gen.ts";

export type { Can, Cause, LiveMessage, Progress, StateWord, Variable };

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type Game = Schemas["Game"];
export type Games = Schemas["GameList"];
export type GameState = Schemas["GameState"];
export type GameSource = Schemas["GameSource"];
export type GameFile = Schemas["GameFile"];
export type GameTest = Schemas["GameTest"];
export type GameTestStep = Schemas["GameTestStep"];
export type TemplateFault = Schemas["GameFault"];
export type Server = Schemas["Server"];
export type Address = Server["addresses"][number];
export type ServerStats = Schemas["ServerStats"];
export type Why = Schemas["ServerWhy"];
export type ServerEvent = Schemas["ServerEvent"];
export type Node = Schemas["Node"];
export type NodeEvent = Schemas["NodeEvent"];
export type AddNode = Schemas["AddNode"];
export type JoinToken = Schemas["JoinToken"];
export type CreateServer = Schemas["CreateServer"];
export type UpdateServer = Schemas["UpdateServer"];
