/** What PostgreSQL and the way to it say, sorted: it is away, it cannot be used like that, or the statement was wrong. */
import { messageOf } from "@playspawn/shared";
import { serverOf } from "./place.ts";

/** The server does not answer now; later it may. */
export class DatabaseAwayError extends Error {
  override readonly name = "DatabaseAwayError";

  constructor(url: string, cause: unknown) {
    super(`The database server of ${serverOf(url)} does not answer (${reasonOf(cause)})`);
  }
}

/** The server answers and cannot be used like that. Its message is a sentence for the operator. */
export class DatabaseUnusableError extends Error {
  override readonly name: string = "DatabaseUnusableError";
}

/** Another control plane has the database, or had it since. Its message is a sentence for the operator. */
export class DatabaseInUseError extends DatabaseUnusableError {
  override readonly name = "DatabaseInUseError";
}

/** Whether `error`, or what caused it, says that the database cannot be reached now. */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++)
    if (cause instanceof DatabaseAwayError || cause instanceof DatabaseUnusableError) return true;
  return false;
}

interface Fault {
  code?: string | undefined;
  message: string;
  /** Only the server's own errors have one. */
  severity?: string | undefined;
}

const faultOf = (error: unknown): Fault => {
  const { code, severity } = (error ?? {}) as { code?: string; severity?: string };
  return { code, severity, message: messageOf(error) };
};

/** What the server says when it ends, is not up yet, has no room for us, stopped what took too long, or only stands by. */
const awayStates = ["57P01", "57P02", "57P03", "57P05", "57014", "53300", "25006", "25P03"];
const awayCodes = [
  ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN"],
  ["ENOTFOUND", "EAI_AGAIN", "ENOENT"],
].flat();
/** Words of pg for a connection that broke, which carry no code. */
const awayWords =
  /^(Connection terminated|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed)/;

/** Whether the connection is gone or of no use any more. */
export function isLost(error: unknown): boolean {
  const { code = "", severity, message } = faultOf(error);
  if (severity !== undefined) return awayStates.includes(code) || code.startsWith("08");
  return awayCodes.includes(code) || awayWords.test(message);
}

function reasonOf(error: unknown): string {
  const { code, message } = faultOf(error);
  if (code === "25006") return "it is a stand-by that takes no writes";
  if (code === "57014") return "a statement took too long";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "no such host name";
  return message;
}

/** What it means that no connection could be made. */
export function connectFault(error: unknown, url: string): Error {
  // What our own session says stays as it is.
  if (error instanceof DatabaseUnusableError) return error;
  if (isLost(error)) return new DatabaseAwayError(url, error);
  return new DatabaseUnusableError(unusable(faultOf(error), url));
}

const certificateCodes = /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/;

function unusable({ code = "", message }: Fault, url: string): string {
  const where = serverOf(url);
  if (code === "28P01" || message.startsWith("SASL"))
    return `The database server of ${where} refuses the user or the password in DATABASE_URL. Correct them.`;
  if (code === "28000" && /^role .* does not exist$/.test(message))
    return `The database server of ${where} does not know the user in DATABASE_URL (${message}). Create it (createuser), or correct DATABASE_URL.`;
  if (code === "28000")
    return `The database server of ${where} does not let this user in from here (${message}). Correct DATABASE_URL, or allow it in pg_hba.conf.`;
  if (code === "3D000")
    return `There is no database ${new URL(url).pathname.slice(1)} on ${where}. Create it (createdb), or correct DATABASE_URL.`;
  if (code === "42501")
    return `The user in DATABASE_URL may not do this in ${where}: ${message}. Make it the owner of the database.`;
  if (/does not support SSL/.test(message))
    return `The database server of ${where} speaks no TLS. Remove sslmode from DATABASE_URL, or switch TLS on there.`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `The certificate of the database server is for another name than that of ${where}. Use the name in the certificate in DATABASE_URL.`;
  if (certificateCodes.test(code))
    return `The certificate of the database server of ${where} is not trusted (${message}). Name its authority with sslrootcert in DATABASE_URL.`;
  return `The database ${where} cannot be used: ${message}. Correct DATABASE_URL.`;
}

/** Without what may quote values: details, and messages about a value that does not fit. */
export function cleaned(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const fault = error as Error & { code?: string; severity?: string; detail?: unknown; where?: unknown };
  if (fault.severity === undefined) return error;
  delete fault.detail;
  delete fault.where;
  // Class 22 is about values, and quotes them, in the stack as well.
  if (!fault.code?.startsWith("22")) return fault;
  return Object.assign(new Error(`a value does not fit (${fault.code})`), {
    code: fault.code,
    severity: fault.severity,
  });
}
