/**
 * The one kind of error that people see. `code` is a closed union; the HTTP status and title of each code
 * are said here once and become RFC 9457 problem documents in the control plane.
 */

export const errorCatalog = {
  invalid_request: { status: 422, title: "The request is not valid" },
  malformed_request: { status: 400, title: "The request could not be read" },
  malformed_body: { status: 400, title: "The body could not be read" },
  https_required: { status: 400, title: "This port speaks https" },
  wrong_host: { status: 400, title: "The Host header does not name this installation" },
  unauthenticated: { status: 401, title: "You are not signed in" },
  wrong_credentials: { status: 401, title: "E-mail or password is wrong" },
  forbidden: { status: 403, title: "You may not do this" },
  cross_site: { status: 403, title: "The request came from another site" },
  setup_required: { status: 403, title: "This installation is not set up yet" },
  setup_token_invalid: { status: 401, title: "The set-up link is no longer valid" },
  setup_token_unknown: { status: 401, title: "This is not the set-up link" },
  setup_done: { status: 404, title: "This installation is set up already" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "This path does not take that method" },
  conflict: { status: 409, title: "This does not fit the present state" },
  request_timeout: { status: 408, title: "The request took too long" },
  port_taken: { status: 409, title: "The port is taken" },
  ports_exhausted: { status: 409, title: "No free port is left" },
  body_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The body has the wrong type" },
  expectation_failed: { status: 417, title: "The expectation cannot be met" },
  headers_too_large: { status: 431, title: "The headers are too large" },
  unknown_game: { status: 422, title: "There is no such game" },
  invalid_variables: { status: 422, title: "The variables are not valid" },
  backup_unusable: { status: 422, title: "The backup cannot be used" },
  idempotency_conflict: { status: 422, title: "The idempotency key was used for another request" },
  rate_limited: { status: 429, title: "Too many tries" },
  join_token_invalid: { status: 401, title: "The join token is not valid" },
  wake_token_invalid: { status: 401, title: "The wake token is not valid" },
  node_secret_invalid: { status: 401, title: "The node secret is not valid" },
  internal: { status: 500, title: "Something broke on our side" },
  oauth_not_configured: { status: 501, title: "This way to sign in is not configured" },
  not_ready: { status: 503, title: "Not ready" },
  no_node: { status: 503, title: "No node can take this server" },
  node_unreachable: { status: 503, title: "The node does not answer" },
  disk_full: { status: 507, title: "The disk is full" },
  image_not_found: { status: 409, title: "The image does not exist" },
  image_not_allowed: { status: 409, title: "The node does not run this image" },
  image_pull_failed: { status: 409, title: "The image could not be pulled" },
  image_build_failed: { status: 409, title: "The image could not be built" },
  docker_unavailable: { status: 503, title: "Docker does not answer" },
  network_failed: { status: 409, title: "The node's network could not be set up" },
  docker_denied: { status: 503, title: "Docker denies access" },
  start_failed: { status: 409, title: "The server did not start" },
  start_timeout: { status: 409, title: "The server did not become ready" },
  game_crashed: { status: 409, title: "The game crashed" },
  out_of_memory: { status: 409, title: "The game ran out of memory" },
  save_failed: { status: 409, title: "The game did not save" },
  holder_lost: { status: 409, title: "The server's network holder died" },
  grant_missing: { status: 402, title: "No credit is granted for a wake" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCatalog;
export const errorCodes = Object.keys(errorCatalog) as [ErrorCode, ...ErrorCode[]];

/** One fault in the input, e.g. `{pointer: "/variables/MAX_PLAYERS", detail: "must be at most 64"}` (RFC 6901 pointer). */
export interface Fault {
  pointer: string;
  detail: string;
  /** Of the text that it is in, from 1. */
  line?: number;
}

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];

  /** `detail` is a sentence: what happened, to which thing, and what to do. */
  constructor(code: ErrorCode, detail: string, options: { cause?: unknown; faults?: readonly Fault[] } = {}) {
    super(detail, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.faults = options.faults ?? [];
  }
}

export const notFound = (kind: string, id: string): AppError =>
  new AppError("not_found", `There is no ${kind} ${id}, or you may not see it.`);

/** The message of anything thrown, for logs and details; never empty. That of several addresses tried has only a code. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error) || "no reason given";
  return error.message || (error as { code?: string }).code || "no reason given";
}
