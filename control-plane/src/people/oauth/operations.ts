/** Signing in with an account of somebody else. The paths are there; this version has no provider to send anybody to. */
import { AppError } from "@playspawn/shared";
import { z } from "zod";
import { type Operation, operation } from "../../platform/http/operation.ts";

const providers: Readonly<Record<string, string>> = { google: "Google", microsoft: "Microsoft" };
const names = Object.keys(providers);

const params = z.strictObject({ provider: z.string().max(40).meta({ enum: names }) });

const Started = z
  .strictObject({
    url: z.string().describe("Where the person signs in."),
    poll: z.string().describe("What answers the session once they did."),
  })
  .meta({ id: "OAuthStart" });

/** What a provider sends back; which fields it adds is its own affair. */
const CallbackQuery = z.looseObject({
  code: z.string().max(4000).optional(),
  state: z.string().max(4000).optional(),
  error: z.string().max(4000).optional(),
});

const common = {
  tag: "auth",
  auth: "public",
  rate: "login",
  params,
  description: "No provider can be configured in this version: it answers `oauth_not_configured`.",
} as const;

export const oauthOperations = (): Operation[] => [
  operation({
    ...common,
    name: "oauthRedirect",
    method: "get",
    path: "/api/v1/auth/oauth/{provider}",
    summary: "Go and sign in with an account of this provider",
    answer: { status: 204, schema: null },
    handle: async (_context, { params: { provider } }) => refuse(provider),
  }),
  operation({
    ...common,
    name: "oauthStart",
    method: "post",
    path: "/api/v1/auth/oauth/{provider}",
    summary: "The same for programs, which open the address in a browser",
    answer: { status: 200, schema: Started },
    handle: async (_context, { params: { provider } }) => refuse(provider),
  }),
  operation({
    ...common,
    name: "oauthCallback",
    method: "get",
    path: "/api/v1/auth/oauth/{provider}/callback",
    summary: "Where the provider sends people back to",
    query: CallbackQuery,
    answer: { status: 204, schema: null },
    handle: async (_context, { params: { provider } }) => refuse(provider),
  }),
];

function refuse(provider: string): never {
  if (!Object.hasOwn(providers, provider))
    throw new AppError("not_found", `There is no sign-in with ${provider} here, only with ${names.join(" and ")}.`);
  throw new AppError(
    "oauth_not_configured",
    `Signing in with ${providers[provider]} is not configured on this installation. Sign in with e-mail and password.`,
  );
}
