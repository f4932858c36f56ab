/** Apart from the schemas, so that the dashboard checks values without bundling a schema library. */
import type { Variable } from "./game.ts";

/** Why `value` may not be given to this variable, or undefined when it may. */
export function variableFault(variable: Variable, value: unknown): string | undefined {
  switch (variable.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "enum":
      return variable.options.includes(value as string) ? undefined : `must be one of ${variable.options.join(", ")}`;
    case "integer":
      if (!Number.isSafeInteger(value)) return "must be a whole number";
      if (variable.min !== undefined && (value as number) < variable.min) return `must be at least ${variable.min}`;
      if (variable.max !== undefined && (value as number) > variable.max) return `must be at most ${variable.max}`;
      return undefined;
    case "string":
      return stringFault(variable, value);
  }
}

function stringFault(variable: Extract<Variable, { type: "string" }>, value: unknown): string | undefined {
  if (typeof value !== "string") return "must be a text";
  const max = variable.maxLength ?? 1000;
  if (value.length > max) return `must be at most ${max} characters`;
  // oxlint-disable-next-line no-control-regex -- a line break or NUL would end the game's own configuration line
  if (/[\u0000-\u001f\u007f]/.test(value)) return "must not contain control characters";
  if (variable.pattern && !new RegExp(variable.pattern).test(value)) return `must match ${variable.pattern}`;
  return undefined;
}
