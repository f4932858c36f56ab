/** Sign in, sign out, who am I. */
import { AppError, isLoopback } from "@playspawn/shared";
import { z } from "zod";
import { type Operation, operation, type RequestContext } from "../../platform/http/operation.ts";
import { GivenPassword } from "../users/credentials.ts";
import type { OpenedSession, Sessions } from "./service.ts";

export const SessionAnswer = z
  .strictObject({
    user_id: z.string(),
    token: z.string().describe("Send it as `Authorization: Bearer …`. The same as accessToken."),
    accessToken: z.string(),
  })
  .meta({ id: "Session" });

const Me = z
  .strictObject({
    user_id: z.string(),
    email: z.string(),
    role: z.enum(["admin", "user"]),
    others: z.boolean().describe("Whether there are other accounts here, to whom a server can be transferred."),
  })
  .meta({ id: "Me" });

/** Not checked for its form: an address that cannot exist is a wrong one like any other. */
const Credentials = z.strictObject({ email: z.string().trim().toLowerCase().min(1).max(254), password: GivenPassword });

/** Tells the new session once, in the body for programs and as a cookie for browsers. */
export function answerSession(context: Pick<RequestContext, "setSessionCookie">, session: OpenedSession) {
  context.setSessionCookie(session);
  return { user_id: session.userId, token: session.token, accessToken: session.token };
}

/** @param devLogin whether the development login is switched on */
export function sessionOperations(sessions: Sessions, { devLogin }: { devLogin: boolean }): Operation[] {
  return [
    operation({
      name: "login",
      method: "post",
      path: "/api/v1/auth/login",
      tag: "auth",
      summary: "Sign in with e-mail and password",
      auth: "public",
      rate: "login",
      body: Credentials,
      answer: { status: 200, schema: SessionAnswer },
      handle: async (context, { body }) =>
        answerSession(context, await sessions.login({ ...body, address: context.address })),
    }),
    operation({
      name: "devLogin",
      method: "post",
      path: "/api/v1/auth/dev-login",
      tag: "auth",
      summary: "Sign in without a password, for development",
      description: "Only with PLAYSPAWN_DEV_LOGIN=1, only from this machine, and no page of another origin.",
      auth: "public",
      rate: "login",
      answer: { status: 200, schema: SessionAnswer },
      async handle(context) {
        if (!devLogin) throw new AppError("not_found", "The development login is off (PLAYSPAWN_DEV_LOGIN).");
        const isHere = isLoopback(context.address) && isLoopbackHost(context.host);
        if (!isHere || context.isForwarded || context.isElsewhere)
          throw new AppError(
            "forbidden",
            "The development login answers this machine only, at 127.0.0.1 or localhost, no proxy and no other page.",
          );
        return answerSession(context, await sessions.devLogin());
      },
    }),
    operation({
      name: "logout",
      method: "post",
      path: "/api/v1/auth/logout",
      tag: "auth",
      summary: "End this session",
      auth: "user",
      permission: "session:own",
      answer: { status: 204, schema: null },
      async handle(context) {
        await sessions.logout(context.actor);
        context.setSessionCookie(null);
      },
    }),
    operation({
      name: "getMe",
      method: "get",
      path: "/api/v1/auth/me",
      tag: "auth",
      summary: "Who is signed in",
      auth: "user",
      permission: "session:own",
      answer: { status: 200, schema: Me },
      async handle({ actor }) {
        const user = await sessions.me(actor);
        return { user_id: user.id, email: user.email, role: user.role, others: user.others };
      },
    }),
  ];
}

/** A page of another site that points its own name at 127.0.0.1 comes from loopback, but names itself in Host. */
const isLoopbackHost = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(host);
