/** undici's dispatcher for requests that carry a secret. It follows no redirects. */
import { secretRoute } from "./secret-route.ts";
import { Agent, buildConnector } from "undici";

export const secretAgent = (options: Omit<Agent.Options, "connect" | "connectTimeout"> = {}): Agent =>
  new Agent({
    ...options,
    connect(to, done) {
      try {
        buildConnector(secretRoute(new URL(`${to.protocol}//${bracketed(to.hostname)}`)))(to, done);
      } catch (error) {
        done(error as Error, null);
      }
    },
  });

const bracketed = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
