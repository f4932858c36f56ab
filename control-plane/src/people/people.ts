/** Puts the parts of people together: accounts, their sessions, and the set-up that makes the first one. */
import type { Ports } from "@playspawn/shared";
import type { Knex } from "knex";
import type { Staging } from "../platform/backup/staging.ts";
import type { Bus } from "../platform/bus/bus.ts";
import type { Operation } from "../platform/http/operation.ts";
import type { Limit } from "../platform/http/rate.ts";
import { oauthOperations } from "./oauth/operations.ts";
import { createGuesses, type GuessClass } from "./sessions/guesses.ts";
import { sessionOperations } from "./sessions/operations.ts";
import { createSessions, type Sessions } from "./sessions/service.ts";
import { restoreOperations } from "./setup/restore-operations.ts";
import { setupOperations } from "./setup/operations.ts";
import { createSetup, type Setup } from "./setup/service.ts";
import { createPasswords, type PasswordCost } from "./users/passwords.ts";
import { createUsers } from "./users/service.ts";

export interface People {
  sessions: Sessions;
  setup: Setup;
  operations: readonly Operation[];
}

export interface PeopleConfig {
  admin: { email: string; password: string } | null;
  devLogin: boolean;
  /** Tests make hashing cheap. */
  passwordCost?: PasswordCost | undefined;
  limits?: Partial<Record<GuessClass, Limit>> | undefined;
}

interface PeopleDeps {
  db: Knex;
  ports: Ports;
  bus: Bus;
  staging: Staging;
}

export async function createPeople(deps: PeopleDeps, config: PeopleConfig): Promise<People> {
  const passwords = createPasswords(config.passwordCost);
  const users = createUsers(deps.ports);
  const sessions = createSessions({ ...deps, users, passwords, guesses: createGuesses(config.limits) });
  // Those who came in without a password must not stay when that door is shut.
  if (!config.devLogin) await sessions.endAll({ kind: "dev" });
  const setup = await createSetup({ ...deps, users, sessions, passwords }, config.admin);
  const operations = [
    ...setupOperations(setup),
    ...restoreOperations(setup, deps.staging),
    ...sessionOperations(sessions, config),
    ...oauthOperations(),
  ];
  return { sessions, setup, operations };
}
