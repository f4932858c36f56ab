/** Who may wake a server, as people write it down and as it travels. */
import { z } from "zod";

const nets = [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()];

/** An address, or a network with the length of its prefix. */
const Net = z
  .string()
  .max(50)
  .refine(
    (text) => nets.some((net) => net.safeParse(text).success),
    "must be an address or a network, like 192.0.2.0/24",
  );

const PlayerName = z
  .string()
  .regex(/^[^\s,]{1,40}$/, "must be a player's name: up to 40 letters without spaces or commas");

export const WakeAllow = z
  .strictObject({
    addresses: z.array(Net).max(100).describe("Addresses and networks (CIDR) that may wake it; none: everyone."),
    names: z
      .array(PlayerName)
      .max(200)
      .describe(
        "Players who may wake it, where the game names them before they are in (Minecraft Java); none: everyone.",
      ),
  })
  .describe(
    "Others see it in lists, and are turned away when they join while it sleeps. Both lists count where both are filled.",
  );
export type WakeAllow = z.infer<typeof WakeAllow>;

export const everyone: WakeAllow = { addresses: [], names: [] };
export const isEveryone = ({ addresses, names }: WakeAllow): boolean => addresses.length === 0 && names.length === 0;
