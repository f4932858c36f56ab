/** `POST /api/v1/setup`: the one thing that a new installation takes. */
import { z } from "zod";
import { type Operation, operation } from "../../platform/http/operation.ts";
import { answerSession, SessionAnswer } from "../sessions/operations.ts";
import { Email, NewPassword } from "../users/credentials.ts";
import type { Setup } from "./service.ts";

const token = z.string().min(1).max(200).describe("What stands after `#t=` in the set-up link.");

const SetupRequest = z
  .strictObject({
    token,
    email: Email,
    password: NewPassword,
  })
  .meta({ id: "SetupRequest" });

export const setupOperations = (setup: Setup): Operation[] => [
  operation({
    name: "setup",
    method: "post",
    path: "/api/v1/setup",
    tag: "auth",
    summary: "Create the first admin",
    description: "Needs the token of the set-up link: good once, for 30 minutes.",
    auth: "public",
    beforeSetup: true,
    body: SetupRequest,
    answer: { status: 201, schema: SessionAnswer },
    handle: async (context, { body }) => answerSession(context, await setup.complete(body, context)),
  }),
  operation({
    name: "checkSetup",
    method: "post",
    path: "/api/v1/setup/check",
    tag: "auth",
    summary: "Whether a set-up link is good",
    description: "So that nobody fills in a form for nothing.",
    auth: "public",
    beforeSetup: true,
    body: z.strictObject({ token }).meta({ id: "SetupCheck" }),
    answer: { status: 204, schema: null },
    handle: (context, { body }) => setup.check(body.token, context),
  }),
];
