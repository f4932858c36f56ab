import { call } from "../../api/client.ts";
import { ApiError, problemFrom } from "../../api/errors.ts";
import { noAnswer, problemOf } from "@playspawn/shared/api/problem.ts";
import { urlOf } from "@playspawn/shared/api/url.ts";

const pieceBytes = 1024 * 1024;
const triesMax = 6;
const pieceLimitMs = 25_000;
const lookEveryMs = 1500;

export interface Sending {
  token: string;
  file: File;
  passphrase: string;
  signal: AbortSignal;
  /** Of this file, which is there already: a wrong passphrase costs no second upload. */
  uploaded: string | undefined;
  onUploaded(upload: string): void;
  /** `sent` of the file's bytes are there. */
  onProgress(sent: number): void;
  onStage(stage: "sending" | "checking" | "restarting"): void;
}

/** Resolves when Playspawn runs with what is in the backup. @throws ApiError */
export async function restoreFrom(sending: Sending): Promise<void> {
  const { passphrase, signal, onStage, onUploaded } = sending;
  const upload = sending.uploaded ?? (await send(sending));
  onUploaded(upload);
  onStage("checking");
  const path = { upload };
  const body = passphrase === "" ? {} : { passphrase };
  await call("post", "/api/v1/setup/restores/{upload}/check", { path, body }, { signal });
  await untilRestored(upload, signal, onStage);
}

async function send({ token, file, signal, onProgress, onStage }: Sending): Promise<string> {
  onStage("sending");
  const { upload } = await call("post", "/api/v1/setup/restores", { body: { token, bytes: file.size } }, { signal });
  for (let at = 0; at < file.size; at += pieceBytes) {
    await sendPiece(upload, at, file.slice(at, at + pieceBytes), signal);
    onProgress(Math.min(file.size, at + pieceBytes));
  }
  return upload;
}

/** A piece that was lost on its way is sent again; one that had arrived is refused then, which is as good. */
async function sendPiece(upload: string, offset: number, piece: Blob, signal: AbortSignal): Promise<void> {
  const url = urlOf("/api/v1/setup/restores/{upload}/{offset}", { path: { upload, offset: String(offset) } });
  for (let tries = 1; ; tries++) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(pieceLimitMs)]);
    const headers = { "content-type": "application/octet-stream" };
    const answer = await fetch(url, { method: "PUT", headers, body: piece, signal: limit }).catch(() => undefined);
    signal.throwIfAborted();
    if (answer?.ok) return;
    const problem = answer ? problemOf(answer.status, await answer.json().catch(() => null), null) : noAnswer;
    const hasArrived = problem.detail.includes(`begins at byte ${offset + piece.size} `);
    if (tries > 1 && hasArrived) return;
    const isPassing = !answer || answer.status >= 500 || answer.status === 429;
    if (!isPassing || problem.code === "disk_full" || tries === triesMax) throw new ApiError(problem);
    await pause(lookEveryMs * tries, signal);
  }
}

/** While it restarts nobody answers, and that is as it should be. */
async function untilRestored(upload: string, signal: AbortSignal, onStage: Sending["onStage"]): Promise<void> {
  for (;;) {
    await pause(lookEveryMs, signal);
    try {
      const { state, detail } = await call("get", "/api/v1/setup/restores/{upload}", { path: { upload } }, { signal });
      if (state === "failed") throw new ApiError(unusable(detail));
      if (state === "restarting") onStage("restarting");
    } catch (error) {
      const { code, status } = problemFrom(error);
      if (code === "setup_done") return;
      if (status >= 400 && status < 500) throw error;
      onStage("restarting");
    }
  }
}

const unusable = (detail: string | undefined) =>
  problemOf(
    422,
    {
      code: "backup_unusable",
      title: "The backup cannot be used",
      detail: detail ?? "It could not be restored.",
      status: 422,
      type: "",
    },
    null,
  );

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.timeout(ms);
    limit.addEventListener("abort", () => resolve(), { once: true });
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
