export * from "./domain/errors.ts";
export * from "./domain/ids.ts";
export * from "./domain/server-state.ts";
export * from "./games/game.ts";
export * from "./ports/ports.ts";
export * from "./wire/agent.ts";
export * from "./wire/codec.ts";
export * from "./wire/door.ts";
