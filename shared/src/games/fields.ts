/** What the parts of a game.yaml are made of. */
import { z } from "zod";

export const Protocol = z.enum(["tcp", "udp"]);
export type Protocol = z.infer<typeof Protocol>;

export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower case letters, digits and dashes, starting with a letter");
export const EnvName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]{0,63}$/, "must be upper case letters, digits and underscores");
export const ContainerPath = z
  .string()
  .regex(/^\/[A-Za-z0-9._/-]{1,200}$/, "must be an absolute path inside the container")
  .refine((path) => !path.split("/").includes(".."), "must not contain ..");
export const Seconds = z.number().int().min(1).max(3600);
export const Regex = z.string().min(1).max(500).describe("A regular expression as RE2 and JavaScript both know them.");
export const Port = z.number().int().min(1).max(65_535);

/** Words of any length up to `max`, on one line or several. */
export const Text = (max: number) =>
  z
    .string()
    .max(max)
    // oxlint-disable-next-line no-control-regex -- NUL ends an environment variable, ESC rules a terminal
    .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f]*$/, "must not contain control characters");

/** Docker makes no container with less. */
const memoryBytesMin = 6 * 1024 ** 2;

/** Memory as people write it, `256M` or `2G`; bytes after parsing. */
export const Memory = z
  .string()
  .regex(/^[1-9][0-9]{0,5}[MG]$/, "must be a number followed by M or G, e.g. 512M")
  .transform((text) => Number(text.slice(0, -1)) * (text.endsWith("G") ? 1024 ** 3 : 1024 ** 2))
  .refine((bytes) => bytes >= memoryBytesMin, "must be at least 6M");

/** Registry and path in lower case, then a tag in any case, or a digest, or both. */
const imageReference =
  /^[a-z0-9][a-z0-9._-]*(:[0-9]{1,5})?(\/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

export const Image = z.union([
  z.strictObject({
    ref: z.string().max(512).regex(imageReference, "must be an image reference such as itzg/minecraft-server:latest"),
  }),
  z.strictObject({ build: z.literal(".").describe("Built from the Dockerfile in this folder.") }),
]);
