/** What a container's health check asks, on the machine itself. */
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";

const answerLimitMs = 4_000;

/** Whether `url` answers with 2xx in time. Its certificate is for a name, and this asks an address of our own. */
export const isHealthy = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const options = { timeout: answerLimitMs, rejectUnauthorized: false, agent: false as const };
    const asked = (url.startsWith("https:") ? getSecure : getPlain)(url, options, ({ statusCode = 0 }) => {
      resolve(statusCode >= 200 && statusCode < 300);
      asked.destroy();
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(false));
    asked.once("close", () => resolve(false));
  });
