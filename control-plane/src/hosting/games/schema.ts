/** Games as the API shows them. */
import { Protocol, Variable } from "@playspawn/shared";
import { z } from "zod";

export const GameView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    logo: z.string().nullable().describe("Path of the picture on this host."),
    ports: z.record(z.string(), z.strictObject({ protocol: Protocol, container: z.number().int() })),
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
