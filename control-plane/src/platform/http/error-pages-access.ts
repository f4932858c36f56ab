/** Pages about who may come in: sign-in, set-up, tokens, hosts, limits. */
import type { ErrorCode } from "@playspawn/shared";
import type { ErrorPage } from "./error-page.ts";

export const accessPages = {
  unauthenticated: {
    means: "The request says nothing about who you are, or what it says no longer counts.",
    causes: [
      "The session has ended: after 7 days without use, after 30 days in any case, or because you signed out elsewhere.",
      "A program sends no `Authorization: Bearer …` header, or an old token.",
    ],
    remedy: [
      "Sign in again.",
      "In a program: ask for a token with `POST /api/v1/auth/login` and send it as `Authorization: Bearer <token>`. A token in the address is never read.",
    ],
    example: "Sign in first.",
  },
  wrong_credentials: {
    means: "No account has this e-mail with this password. Which of the two is wrong is not told on purpose.",
    causes: ["A typing mistake, or the keyboard's capitals.", "An account of another installation."],
    remedy: [
      "Try again; after several wrong tries there is a pause.",
      "If the admin's password came from the environment, it is the one in `PLAYSPAWN_ADMIN_PASSWORD`.",
    ],
    example: "E-mail or password is wrong.",
  },
  forbidden: {
    means: "We know who you are, and your account may not do this.",
    causes: ["Nodes and games are for admins.", "The thing belongs to another team."],
    remedy: [
      "Ask an admin of this installation to do it.",
      "Look at the top right which account you are signed in with.",
    ],
    example: "This account does not have the permission nodes:write.",
  },
  cross_site: {
    means:
      "A browser sent this request on behalf of another site. Such requests are refused, so that no site can use your session.",
    causes: [
      "The dashboard was opened under another address than the one the request goes to.",
      "A proxy changes the `Host` header.",
      "A page of yours on another origin calls the API with the cookie.",
    ],
    remedy: [
      "Open the dashboard at its public address.",
      "Let the proxy pass `Host` on, and set `PLAYSPAWN_PUBLIC_URL` to the address people use.",
      "From pages of your own use a bearer token instead of the cookie.",
    ],
    example: "The request came from another site. Use the dashboard's own address, or a bearer token.",
  },
  wrong_host: {
    means:
      "The request names a host that this installation does not know as its own. That keeps other people's domain names from being pointed at it.",
    causes: [
      "A domain name is used that `PLAYSPAWN_PUBLIC_URL` does not say.",
      "A proxy sends a name of its own as `Host`.",
    ],
    remedy: ["Set `PLAYSPAWN_PUBLIC_URL` to the address people use, and start again."],
    example:
      "This installation does not know itself as games.example.org. Set PLAYSPAWN_PUBLIC_URL to the address people use, and start again.",
  },
  setup_required: {
    means: "This installation has no admin yet. Until it has one, nothing else answers.",
    causes: ["It is new.", "Another data folder is used than before."],
    remedy: [
      "Open the set-up link that the start printed. It is good for 30 minutes; a start prints a new one.",
      "Or set `PLAYSPAWN_ADMIN_EMAIL` and `PLAYSPAWN_ADMIN_PASSWORD` and start again.",
    ],
    example: "This installation is not set up yet. Open the link that was printed at its start.",
  },
  setup_token_invalid: {
    means: "The set-up link was right once and is no longer valid.",
    causes: ["It is older than 30 minutes."],
    remedy: ["Start Playspawn again: it prints a new link."],
    example: "The set-up link is older than 30 minutes. Open the newest link; each start of Playspawn prints one.",
  },
  setup_token_unknown: {
    means: "This is not a set-up link of this installation.",
    causes: ["The link was copied only in part.", "It belongs to another installation or an older data folder."],
    remedy: ["Copy the whole link, with everything behind `#t=`.", "Start again for a new one."],
    example: "This is no set-up link of this installation, or a much older one. Copy the newest one whole.",
  },
  setup_done: {
    means: "This installation has an admin already, so its set-up is closed for good.",
    causes: ["Somebody used the link before, perhaps you, in another window."],
    remedy: ["Sign in with the account that was made then."],
    example: "This installation is set up already. Sign in.",
  },
  oauth_not_configured: {
    means: "Signing in by this provider was not set up by the operator.",
    causes: ["The provider's id and secret are not set."],
    remedy: ["Sign in with e-mail and password.", "As operator: set the provider up, and start again."],
    example: "Signing in with Google is not configured on this installation. Sign in with e-mail and password.",
  },
  wake_token_invalid: {
    means: "The wake token is not one of this installation, or not of this server.",
    causes: ["It was replaced by a newer one.", "It was copied only in part."],
    remedy: ["Make a new one on the server's page, and put it into whatever calls the webhook."],
    example: "This wake token is not known. Make a new one on the server's page.",
  },
  join_token_invalid: {
    means: "A machine wanted to become a node with a token that is not valid.",
    causes: ["It is older than 15 minutes.", "It was used: each token joins one node.", "It was copied only in part."],
    remedy: ["Make a new token under Nodes, and run the command that is shown there."],
    example: "This join token is older than 15 minutes. Make a new one.",
  },
  node_secret_invalid: {
    means: "A node's id and secret do not belong together, or the node was revoked.",
    causes: [
      "The node was removed in the dashboard.",
      "The agent's data folder was copied from another machine or an old backup.",
      "The secret was rotated while the node was away.",
    ],
    remedy: ["Join the machine again with a new join token. Its servers' files stay where they are."],
    example: "The node's id and secret do not belong together, or were revoked.",
  },
  rate_limited: {
    means: "Too many requests came from this account or address. Nothing was done; the limit opens again by itself.",
    causes: ["A program that asks in a loop.", "Many wrong passwords.", "Many people behind one address."],
    remedy: [
      "Wait for the seconds that the `Retry-After` header says.",
      "To follow changes, listen on `/api/v1/live` instead of asking again and again.",
    ],
    example: "Too many requests. Try again in 12 s.",
  },
} as const satisfies Partial<Record<ErrorCode, ErrorPage>>;
