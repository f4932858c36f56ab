/** What a container's health check and the doctor ask, on the machine itself. */
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";

const answerLimitMs = 4_000;
/** More than all sentences of an agent. */
const bytesMax = 64 * 1024;

export interface HealthAnswer {
  status: number;
  /** Its first 64 KiB. */
  text: string;
}

/** What `url` answers in time; undefined where nothing does. Its certificate is for a name, and this asks an address of our own. */
export const askHealth = (url: string): Promise<HealthAnswer | undefined> =>
  new Promise((resolve) => {
    const options = { timeout: answerLimitMs, rejectUnauthorized: false, agent: false as const };
    const asked = (url.startsWith("https:") ? getSecure : getPlain)(url, options, (answer) => {
      let text = "";
      const end = (): void => {
        resolve({ status: answer.statusCode ?? 0, text });
        asked.destroy();
      };
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        if (text.length > bytesMax) end();
      });
      answer.once("end", end);
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(undefined));
    asked.once("close", () => resolve(undefined));
  });

/** Whether `url` answers with 2xx in time. */
export async function isHealthy(url: string): Promise<boolean> {
  const { status } = (await askHealth(url)) ?? { status: 0 };
  return status >= 200 && status < 300;
}
