/** What an engine says while it pulls, as progress and as errors for people. Pure. */
import { AppError, type ErrorCode, type Progress } from "@playspawn/shared";

/** One JSON line of a pull. */
export interface PullLine {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
}

/** `debian` → `debian:latest`: without a tag the engine would pull every one there is. */
export function withTag(reference: string): string {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return name.includes(":") || name.includes("@") ? reference : `${reference}:latest`;
}

/**
 * Sums bytes over layers. Each layer is downloaded and then extracted; bytes count when downloaded, as that is what
 * takes long. The total grows while layers announce themselves.
 */
export function pullProgress(name: string): (line: PullLine) => Progress | undefined {
  const layers = new Map<string, { done: number; total: number }>();
  return ({ status = "", id, progressDetail }) => {
    if (id === undefined) return undefined;
    const layer = layers.get(id);
    if (status === "Downloading" && progressDetail?.total)
      layers.set(id, { done: progressDetail.current ?? 0, total: progressDetail.total });
    else if (layer && /^(Download complete|Extracting|Pull complete|Verifying)/.test(status)) layer.done = layer.total;
    else return undefined;
    const sum = (key: "done" | "total"): number => [...layers.values()].reduce((all, one) => all + one[key], 0);
    return { step: "image", text: `Pulling ${name}`, done: sum("done"), total: sum("total"), unit: "bytes" };
  };
}

const unknown =
  /not found|no such image|manifest unknown|repository does not exist|pull access denied|invalid reference format|requested access to the resource is denied|unauthorized/i;
/** Said when nothing answers: these words also contain "not found" at times, e.g. of a host name. */
const unreachable =
  /dial tcp|lookup |no such host|i\/o timeout|connection refused|TLS|x509|Client\.Timeout|EOF|unreachable/i;

/** The error of a pull or a build that failed for `reason`, the engine's words. */
export function imageFault(verb: "pull" | "build", name: string, reason: string): AppError {
  const why = reason.trim().replace(/\.$/, "");
  if (/no space left on device/i.test(why))
    return new AppError("disk_full", `There is no room for the image ${name}: the disk is full. Free some space.`);
  if (verb === "build")
    return new AppError("image_build_failed", `The image ${name} could not be built. Its last words:\n${tail(why)}`);
  const code: ErrorCode = unknown.test(why) && !unreachable.test(why) ? "image_not_found" : "image_pull_failed";
  const sentence =
    code === "image_not_found"
      ? `There is no image ${name}, or it may not be read: ${tail(why)}. Correct its name in the game's file.`
      : `The image ${name} could not be pulled: ${tail(why)}.`;
  return new AppError(code, sentence);
}

/** The end of a long text: the wire allows 2,000 characters and the last words tell most. */
const tail = (text: string): string => (text.length > 1600 ? `… ${text.slice(-1600)}` : text);
