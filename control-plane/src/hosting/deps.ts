/** What every part of hosting is handed by the context. */
import type { Ports } from "@playspawn/shared";
import type { Knex } from "knex";
import type { Bus } from "../platform/bus/bus.ts";
import type { Log } from "../platform/log.ts";

export interface Deps {
  db: Knex;
  ports: Ports;
  bus: Bus;
  log: Log;
}
