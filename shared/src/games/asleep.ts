/** What the door says for a server that sleeps, in the game's own words. */
import { z } from "zod";
import { Name, type Protocol } from "./fields.ts";

/** Protocols whose words a door speaks, and the kind of port that each needs. */
export const answers = {
  a2s: { protocol: "udp" },
  luanti: { protocol: "udp" },
  minecraft: { protocol: "tcp" },
  quake3: { protocol: "udp" },
  raknet: { protocol: "udp" },
  teeworlds: { protocol: "udp" },
} as const satisfies Record<string, { protocol: Protocol }>;

export type AnswerKind = keyof typeof answers;
const answerKinds = Object.keys(answers) as [AnswerKind, ...AnswerKind[]];

/** What every agent and door of a version without other words knows. */
export const firstAnswer: AnswerKind = "minecraft";

export const Asleep = z.strictObject({
  answer: z
    .enum(answerKinds)
    .describe("The protocol whose list pings are answered without waking; only a join in it wakes."),
  port: Name,
  motd: z.string().min(1).max(200),
  joins: z
    .boolean()
    .optional()
    .describe(
      "For a2s, whose queries say nothing of joins: whether players join at this port, too (then everything else that arrives there wakes). `false` for a port that is only asked.",
    ),
});
export type Asleep = z.infer<typeof Asleep>;

/**
 * What a game said of itself when it last ran, by the names of its own protocol: version, map and the like. Short texts,
 * cleaned by whoever asked.
 */
export const About = z
  .record(z.string().max(20), z.string().max(100))
  .refine((all) => Object.keys(all).length <= 16, "must be at most 16");
export type About = z.infer<typeof About>;
