/** The imitation on its own: `node web/src/mock/main.ts`. */
import { startMock } from "./server.ts";

const mock = await startMock({ port: 18_190 });
process.stdout.write(`mock API on ${mock.url}\n`);
