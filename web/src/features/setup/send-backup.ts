import { call } from "../../api/client.ts";
import { ApiError, problemFrom } from "../../api/errors.ts";
import { noAnswer, problemOf } from "@playspawn/shared/api/problem.ts";
import { urlOf } from "@playspawn/shared/api/url.ts";
import type { Ports } from "@playspawn/shared/ports/ports.ts";
import { ports as systemPorts } from "../../ports.ts";

const pieceBytes = 1024 * 1024;
const triesMax = 6;
const pieceLimitMs = 25_000;
const lookEveryMs = 1500;
/** So long putting a large backup in its place may take without anybody wondering. */
const lateMs = 2 * 60_000;
const awayMaxMs = 30 * 60_000;

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
  onStage(stage: "sending" | "checking" | "restarting" | "late"): void;
}

type Waits = Pick<Ports, "clock" | "timers">;

/** Resolves when Playspawn runs with what is in the backup. @throws ApiError */
export async function restoreFrom(sending: Sending, ports: Waits = systemPorts): Promise<void> {
  const { passphrase, signal, onStage, onUploaded } = sending;
  const upload = sending.uploaded ?? (await send(sending, ports));
  onUploaded(upload);
  onStage("checking");
  const path = { upload };
  const body = passphrase === "" ? {} : { passphrase };
  await call("post", "/api/v1/setup/restores/{upload}/check", { path, body }, { signal });
  await untilRestored(upload, sending, ports);
}

async function send({ token, file, signal, onProgress, onStage }: Sending, ports: Waits): Promise<string> {
  onStage("sending");
  const { upload } = await call("post", "/api/v1/setup/restores", { body: { token, bytes: file.size } }, { signal });
  for (let at = 0; at < file.size; at += pieceBytes) {
    await sendPiece({ upload, offset: at, piece: file.slice(at, at + pieceBytes), signal }, ports);
    onProgress(Math.min(file.size, at + pieceBytes));
  }
  return upload;
}

interface Piece {
  upload: string;
  offset: number;
  piece: Blob;
  signal: AbortSignal;
}

/** A piece whose answer was lost is sent again; one that had arrived is refused then, which is as good. */
async function sendPiece({ upload, offset, piece, signal }: Piece, { timers }: Waits): Promise<void> {
  const url = urlOf("/api/v1/setup/restores/{upload}/{offset}", { path: { upload, offset: String(offset) } });
  for (let tries = 1; ; tries++) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(pieceLimitMs)]);
    const headers = { "content-type": "application/octet-stream" };
    const answer = await fetch(url, { method: "PUT", headers, body: piece, signal: limit }).catch(() => undefined);
    signal.throwIfAborted();
    if (answer?.ok) return;
    const problem = answer ? problemOf(answer.status, await answer.json().catch(() => null), null) : noAnswer;
    const isRepeated = tries > 1 && problem.code === "conflict";
    if (isRepeated && (await received(upload, signal)) >= offset + piece.size) return;
    // A piece sent twice may also find its first half still being written.
    const isPassing = isRepeated || problem.status === 0 || problem.status >= 500 || problem.status === 429;
    if (!isPassing || problem.code === "disk_full" || tries === triesMax) throw new ApiError(problem);
    await timers.sleep(lookEveryMs * tries, signal);
  }
}

const look = (upload: string, signal: AbortSignal) =>
  call("get", "/api/v1/setup/restores/{upload}", { path: { upload } }, { signal });

/** How many bytes of the file are there. */
const received = async (upload: string, signal: AbortSignal): Promise<number> =>
  (await look(upload, signal)).bytes ?? 0;

/** While it restarts nobody answers, and that is as it should be, for a while. Checking lasts as long as it says so. */
async function untilRestored(upload: string, { signal, onStage }: Sending, { clock, timers }: Waits): Promise<void> {
  let wasThere = clock.mono();
  for (;;) {
    await timers.sleep(lookEveryMs, signal);
    const state = await stateOf(upload, signal);
    if (state === "done") return;
    if (state === "checking") {
      wasThere = clock.mono();
      continue;
    }
    const awayMs = clock.mono() - wasThere;
    if (awayMs >= awayMaxMs) throw new ApiError(away);
    onStage(awayMs >= lateMs ? "late" : "restarting");
  }
}

async function stateOf(upload: string, signal: AbortSignal): Promise<"checking" | "away" | "done"> {
  try {
    const { state, detail } = await look(upload, signal);
    if (state === "failed") throw new ApiError(unusable(detail));
    return state === "restarting" ? "away" : "checking";
  } catch (error) {
    signal.throwIfAborted();
    const { code, status } = problemFrom(error);
    if (code === "setup_done") return "done";
    if (status >= 400 && status < 500 && status !== 429) throw error;
    return "away";
  }
}

const away = problemOf(0, {
  code: "no_answer",
  title: "Playspawn did not come back",
  detail: "It went to put the backup in its place half an hour ago. What it says in its terminal or its log tells why.",
});

const unusable = (detail: string | undefined) =>
  problemOf(422, {
    code: "backup_unusable",
    title: "The backup cannot be used",
    detail: detail ?? "It could not be restored.",
  });
