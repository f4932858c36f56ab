/** Apart from the schemas, so that the dashboard checks values without bundling a schema library or a second engine. */
import type { Variable } from "./variable.ts";

/** Makes the matcher of a `pattern`. */
export type Compile = (source: string) => { test(text: string): boolean };

/** A browser that this keeps busy keeps nobody else waiting. */
const native: Compile = (source) => new RegExp(source);

/**
 * Why `value` may not be given to this variable, or undefined when it may.
 * @param compile programs that serve more than one person pass `pattern`, which takes a bounded time
 */
export function variableFault(variable: Variable, value: unknown, compile: Compile = native): string | undefined {
  switch (variable.type) {
    case "boolean":
      if (typeof value !== "boolean") return "must be true or false";
      return variable.required && !value ? `must be true (${variable.label})` : undefined;
    case "enum":
      return variable.options.includes(value as string) ? undefined : `must be one of ${variable.options.join(", ")}`;
    case "integer":
      if (!Number.isSafeInteger(value)) return "must be a whole number";
      if (variable.min !== undefined && (value as number) < variable.min) return `must be at least ${variable.min}`;
      if (variable.max !== undefined && (value as number) > variable.max) return `must be at most ${variable.max}`;
      return undefined;
    case "string":
      return stringFault(variable, value, compile);
  }
}

/** Whether people have to say it themselves, because its default is not accepted. */
export const isRequired = (variable: Variable): boolean => "required" in variable && variable.required === true;

function stringFault(
  variable: Extract<Variable, { type: "string" }>,
  value: unknown,
  compile: Compile,
): string | undefined {
  if (typeof value !== "string") return "must be a text";
  if (variable.required && value === "") return `must not be empty (${variable.label})`;
  const max = variable.maxLength ?? 1000;
  if (value.length > max) return `must be at most ${max} characters`;
  // oxlint-disable-next-line no-control-regex -- a line break or NUL would end the game's own configuration line
  if (/[\u0000-\u001f\u007f]/.test(value)) return "must not contain control characters";
  if (variable.pattern && !compile(variable.pattern).test(value)) return `must match ${variable.pattern}`;
  return undefined;
}
