/** Which greeter a route asks for. */
import type { Route } from "@playspawn/shared";
import type { Greeter } from "./greeter.ts";
import { minecraftGreeter } from "./minecraft.ts";
import { unknownGreeter } from "./unknown.ts";

export function greeterFor(route: Route): Greeter {
  if (route.asleep?.answer === "minecraft" && route.asleep.port === route.port.name) return minecraftGreeter();
  return unknownGreeter;
}
