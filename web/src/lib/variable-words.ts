/** A variable of a game as a page tells of it to people who only look: what it is unless changed, and what it may be. */
import type { Variable } from "@playspawn/shared/games/game.ts";
import { isRequired } from "@playspawn/shared/games/variable-fault.ts";
import { optionLabel } from "./variables.ts";

/** `on`, `20`, `survival`, `empty`; `asked for` where people have to say it. */
export function defaultText(variable: Variable): string {
  if (isRequired(variable)) return "asked for";
  switch (variable.type) {
    case "boolean":
      return variable.default ? "on" : "off";
    case "enum":
      return optionLabel(variable, variable.default);
    case "integer":
      return String(variable.default);
    case "string":
      if (variable.generate) return "made up";
      return variable.default || "empty";
  }
}

/** `1 to 1000`, `survival, creative`, `a secret`; undefined for any text and for a switch. */
export function choiceText(variable: Variable): string | undefined {
  switch (variable.type) {
    case "enum":
      return variable.options.map((option) => optionLabel(variable, option)).join(", ");
    case "integer":
      return rangeText(variable);
    case "string":
      return variable.secret ? "a secret" : undefined;
    case "boolean":
      return undefined;
  }
}

function rangeText({ min, max }: { min?: number | undefined; max?: number | undefined }): string | undefined {
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? undefined : `at most ${max}`;
}
