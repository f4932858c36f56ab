/** RFC 9457 documents as the dashboard uses them. */

export interface Fault {
  pointer: string;
  detail: string;
  /** Of the text that was sent, from 1. */
  line?: number;
}

export interface Problem {
  /** HTTP status; 0 when no answer came at all. */
  status: number;
  code: string;
  title: string;
  detail: string;
  /** The id of the request, to find it in the log. */
  requestId: string | null;
  faults: Fault[];
  /** After how many seconds another try is allowed, when the answer says so. */
  retryAfterSeconds?: number;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const faultOf = (value: unknown): Fault[] => {
  const fault = value as Partial<Fault> | null;
  const detail = text(fault?.detail);
  return detail === undefined
    ? []
    : [
        {
          pointer: text(fault?.pointer) ?? "",
          detail,
          ...(typeof fault?.line === "number" && { line: fault.line }),
        },
      ];
};

/**
 * Reads a problem document; anything else becomes a problem that names its status.
 * @param retryAfter the header of that name, in seconds
 */
export function problemOf(status: number, body: unknown, retryAfter: string | null = null): Problem {
  const json = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const title = text(json["title"]) ?? titleOf(status);
  return {
    status,
    code: text(json["code"]) ?? `http_${status}`,
    title,
    detail: text(json["detail"]) ?? `${title}.`,
    requestId: text(json["instance"]) ?? null,
    faults: Array.isArray(json["faults"]) ? json["faults"].flatMap(faultOf) : [],
    ...(retryAfter !== null && /^\d{1,5}$/.test(retryAfter) && { retryAfterSeconds: Number(retryAfter) }),
  };
}

function titleOf(status: number): string {
  if (status === 0) return "Playspawn does not answer";
  return `The request ended with HTTP status ${status}`;
}

export const noAnswer: Problem = problemOf(0, {
  code: "no_answer",
  title: "Playspawn does not answer",
  detail: "Check that it is running and that this device can reach it.",
});

/** One sentence for a place with room for no more. */
export const briefly = ({ status, title, detail }: Problem): string => (status === 0 ? `${title}.` : detail);

/** The detail without what its title has said already; empty when nothing is left. */
export function withoutTitle({ title, detail }: Pick<Problem, "title" | "detail">): string {
  const said = `${title}.`;
  return detail.startsWith(said) ? detail.slice(said.length).trim() : detail;
}

/** Faults by the field they belong to: `/variables/MAX` → `variables.MAX`; those without a field under "". */
export function faultsByField(faults: readonly Fault[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const { pointer, detail } of faults) {
    const field = fieldOf(pointer);
    fields[field] ??= detail;
  }
  return fields;
}

// RFC 6901: ~1 is a slash and ~0 a tilde inside a segment; a leading # is the URI form of the same.
const fieldOf = (pointer: string): string =>
  pointer
    .replace(/^#/, "")
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
