/** A game's typed variables as a form: what stands in the fields, and what it means. */
import { variableFault } from "@playspawn/shared/games/variable-fault.ts";
import type { Variable } from "@playspawn/shared/games/game.ts";

export type VariableValue = string | number | boolean;
/** What the fields hold: numbers as typed, since half a number is no number yet. */
export type FieldValues = Record<string, string | boolean>;

type Variables = Record<string, Variable>;

const fieldValue = (value: VariableValue): string | boolean => (typeof value === "boolean" ? value : String(value));

/** The fields of a form: what is set already, else the game's defaults. */
export const fieldsOf = (variables: Variables, set: Record<string, VariableValue> = {}): FieldValues =>
  Object.fromEntries(
    Object.entries(variables).map(([name, variable]) => [name, fieldValue(set[name] ?? variable.default)]),
  );

/** What a field means; NaN for text that is no number, which no integer variable accepts. */
export function valueOf(variable: Variable, field: string | boolean | undefined): VariableValue {
  if (variable.type === "boolean") return field === true;
  if (variable.type !== "integer") return String(field ?? "");
  const text = String(field ?? "").trim();
  return text === "" ? Number.NaN : Number(text);
}

export const valuesOf = (variables: Variables, fields: FieldValues): Record<string, VariableValue> =>
  Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, valueOf(variable, fields[name])]));

const sentence = (fault: string): string => `${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`;

/**
 * What is wrong, by field name as problems name it: `variables.NAME`. Values that are as they were `set` are not
 * judged: a secret comes back masked, and its mask need not fit its pattern.
 */
export function variableFaults(
  variables: Variables,
  fields: FieldValues,
  set: Record<string, VariableValue> = {},
): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const value = valueOf(variable, fields[name]);
    const fault = Object.is(value, set[name]) ? undefined : variableFault(variable, value);
    if (fault) faults[`variables.${name}`] = sentence(fault);
  }
  return faults;
}

/** Only what differs from `set`, so that a form changes nothing that was not touched. */
export const changedValues = (
  values: Record<string, VariableValue>,
  set: Record<string, VariableValue>,
): Record<string, VariableValue> =>
  Object.fromEntries(Object.entries(values).filter(([name, value]) => !Object.is(value, set[name])));
