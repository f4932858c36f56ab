/** Games as the API shows them. */
import { Game, Protocol, Variable } from "@playspawn/shared";
import { z } from "zod";

const about = Game.shape;

export const GameView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    logo: z.string().nullable().describe("Path of the picture on this host."),
    wallpaper: z.string().nullable().describe("Path of the wide picture on this host."),
    links: about.links.unwrap(),
    steamApp: z.number().int().nullable().describe("The game's id at Steam: the one players start."),
    arch: about.arch.unwrap().nullable().describe("The machines it runs on; null: all."),
    status: about.status.unwrap().nullable().describe("Whether its author has seen this template run."),
    ports: z
      .record(z.string(), z.strictObject({ protocol: Protocol, container: z.number().int().nullable() }))
      .describe("`container` is null for a port that is the same number inside and outside."),
    variables: z.record(z.string(), Variable),
    cpu: z.number().describe("Cores."),
    memoryBytes: z.number().int(),
  })
  .meta({ id: "Game" });
export type GameView = z.infer<typeof GameView>;

export const GameFaultView = z
  .strictObject({ file: z.string(), line: z.number().int(), reason: z.string() })
  .meta({ id: "GameFault", description: "A template that was refused, and why." });

export const GameList = z
  .strictObject({ items: z.array(GameView), faults: z.array(GameFaultView) })
  .meta({ id: "GameList" });
export type GameList = z.infer<typeof GameList>;
