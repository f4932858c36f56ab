/** Problems for connections that never become a request of the application: written as bytes, then the connection ends. */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { AppError, errorCatalog, newId, type Ports } from "@playspawn/shared";
import type { Log } from "../log.ts";
import { lingerMs } from "./linger.ts";
import { problemMediaType, problemOf } from "./problem.ts";

/**
 * Answers and says goodbye; returns the request id that it told. The client has 2 s to read it: to close with unread
 * bytes would throw the answer away.
 */
export function endWithProblem(socket: Duplex, error: AppError, ports: Ports): string {
  const requestId = newId("req", ports);
  const { status } = errorCatalog[error.code];
  const body = JSON.stringify(problemOf(error, requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    "X-Content-Type-Options: nosniff",
    "Cache-Control: no-store",
  ];
  const cancel = ports.timers.after(lingerMs, () => socket.destroy());
  socket.once("close", cancel);
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  return requestId;
}

type ClientError = NodeJS.ErrnoException & { reason?: string };

export interface BareProblemDeps {
  ports: Ports;
  log: Log;
}

/** Answers what Node cannot read as a request, and CONNECT, which only proxies take. */
export function answerBrokenRequests(server: Server, { ports, log }: BareProblemDeps): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  const remember = (request: IncomingMessage, response: ServerResponse): void =>
    void answers.set(request.socket, response);
  for (const event of ["request", "checkContinue", "checkExpectation"]) server.prependListener(event, remember);
  server.on("clientError", (error: ClientError, socket) => {
    log.debug({ reason: error.code ?? error.message }, "a request could not be read");
    // What comes after the answer is read and dropped.
    if (socket.writableEnded) return;
    const answer = answers.get(socket);
    const isUnderWay = answer?.headersSent === true && !answer.writableFinished;
    if (!socket.writable || error.code === "ECONNRESET" || isUnderWay) socket.destroy();
    else endWithProblem(socket, appErrorOf(error), ports);
  });
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy());
    endWithProblem(socket, new AppError("method_not_allowed", "CONNECT is not taken: this is no proxy."), ports);
  });
}

function appErrorOf({ code, reason }: ClientError): AppError {
  if (code === "HPE_HEADER_OVERFLOW")
    return new AppError(
      "headers_too_large",
      "The request's headers are larger than 16 KiB, the most that is read. Send shorter ones, for example fewer cookies.",
    );
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new AppError("request_timeout", "The request took too long to arrive. Send it again, without pauses.");
  return new AppError("malformed_request", `The request is not valid HTTP/1.1${reason ? `: ${reason}` : ""}.`);
}
