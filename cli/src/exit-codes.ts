/** What the exit code says to scripts: the one table of it, and which error ends with which. */
import { errorCatalog, type ErrorCode } from "@playspawn/shared/domain/errors.ts";

export const exits = {
  ok: 0,
  failure: 1,
  usage: 2,
  cancelled: 3,
  authentication: 4,
  notFound: 5,
  capacity: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exits)[keyof typeof exits];

/** What a failure that the command itself found is called in JSON. */
export const codeOfExit: Record<ExitCode, string> = {
  0: "ok",
  1: "failure",
  2: "usage",
  3: "cancelled",
  4: "authentication",
  5: "not_found",
  6: "capacity",
  130: "interrupted",
};

export const exitMeanings: Record<ExitCode, string> = {
  0: "It is done.",
  1: "It failed; the message says why.",
  2: "The command was not understood, or a value in it is not valid.",
  3: "You said no, ended the input (Ctrl-D), or the time you gave it ran out.",
  4: "Nobody is signed in, the session is over, or this account may not do it.",
  5: "There is no such thing, or you may not see it.",
  6: "No credits, no free port, no room: nothing is left to do it with.",
  130: "Ctrl-C.",
};

const { failure, usage, cancelled, authentication, notFound, capacity } = exits;

/** Every code of the API. A new one does not compile until it is said here how a command ends with it. */
const exitOf: Record<ErrorCode, ExitCode> = {
  invalid_request: usage,
  malformed_request: usage,
  malformed_body: usage,
  wrong_host: failure,
  unauthenticated: authentication,
  wrong_credentials: authentication,
  forbidden: authentication,
  cross_site: failure,
  setup_required: failure,
  setup_token_invalid: authentication,
  setup_token_unknown: authentication,
  setup_done: failure,
  not_found: notFound,
  method_not_allowed: usage,
  conflict: failure,
  request_timeout: cancelled,
  https_required: failure,
  port_taken: failure,
  ports_exhausted: capacity,
  body_too_large: usage,
  unsupported_media_type: usage,
  expectation_failed: failure,
  headers_too_large: usage,
  unknown_game: notFound,
  invalid_variables: usage,
  backup_unusable: failure,
  idempotency_conflict: failure,
  rate_limited: failure,
  oauth_not_configured: failure,
  wake_token_invalid: authentication,
  join_token_invalid: authentication,
  // Only of a node that somebody adds: a value that he gave, and not who he is.
  node_secret_invalid: usage,
  internal: failure,
  not_ready: failure,
  no_node: capacity,
  node_unreachable: failure,
  disk_full: capacity,
  image_not_allowed: failure,
  image_not_found: failure,
  image_pull_failed: failure,
  image_build_failed: failure,
  docker_unavailable: failure,
  network_failed: failure,
  docker_denied: failure,
  start_failed: failure,
  start_timeout: failure,
  game_crashed: failure,
  out_of_memory: failure,
  save_failed: failure,
  holder_lost: failure,
  grant_missing: capacity,
};

const exitOfStatus: Record<number, ExitCode> = {
  400: usage,
  401: authentication,
  402: capacity,
  403: authentication,
  404: notFound,
  408: cancelled,
  422: usage,
  507: capacity,
};

/** How a command ends that met this error; a code that only a newer Playspawn knows goes by its HTTP status. */
export const exitCodeOf = (code: string, status: number): ExitCode =>
  Object.hasOwn(errorCatalog, code) ? exitOf[code as ErrorCode] : (exitOfStatus[status] ?? failure);
