/** Every migration, in order. Append only: a migration that was released is never edited. */
import type { Knex } from "knex";
import * as platform from "../../../migrations/001-platform.ts";
import * as hosting from "../../../migrations/002-hosting.ts";
import * as versions from "../../../migrations/003-versions.ts";
import * as drivenNodes from "../../../migrations/005-driven-nodes.ts";
import * as wakeTokens from "../../../migrations/006-wake-tokens.ts";
import * as gameTests from "../../../migrations/007-game-tests.ts";
import * as updateVariables from "../../../migrations/008-update-variables.ts";
import * as nothingLeft from "../../../migrations/009-nothing-left.ts";
import * as wakeAllow from "../../../migrations/010-wake-allow.ts";
import * as serverLife from "../../../migrations/004-server-life.ts";
import * as nodeSamples from "../../../migrations/telemetry-001-node-samples.ts";

export interface Migration {
  name: string;
  up(knex: Knex): Promise<void>;
}

export const coreMigrations: readonly Migration[] = [
  { name: "001-platform", up: platform.up },
  { name: "002-hosting", up: hosting.up },
  { name: "003-versions", up: versions.up },
  { name: "004-server-life", up: serverLife.up },
  { name: "005-driven-nodes", up: drivenNodes.up },
  { name: "006-wake-tokens", up: wakeTokens.up },
  { name: "007-game-tests", up: gameTests.up },
  { name: "008-update-variables", up: updateVariables.up },
  { name: "009-nothing-left", up: nothingLeft.up },
  { name: "010-wake-allow", up: wakeAllow.up },
];

export const telemetryMigrations: readonly Migration[] = [{ name: "telemetry-001-node-samples", up: nodeSamples.up }];
