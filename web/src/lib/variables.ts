/** A game's typed variables as a form: what stands in the fields, and what it means. */
import { isRequired, variableFault } from "@playspawn/shared/games/variable-fault.ts";
import type { Variable } from "@playspawn/shared/games/game.ts";

export type VariableValue = string | number | boolean;
/** What the fields hold: numbers as typed, since half a number is no number yet. */
export type FieldValues = Record<string, string | boolean>;

type Variables = Record<string, Variable>;

/** What the API shows instead of a secret that is set; a secret that is empty comes as it is. */
export const secretMask = "********";

export const isSecret = (variable: Variable): boolean => variable.type === "string" && variable.secret === true;

export interface SecretField {
  /** What stands in the input; never the mask. */
  text: string;
  /** What to know about it. */
  note: string | undefined;
  /** The way to the other choice: have no secret, or have the one that is set. */
  action: "remove" | "keep" | undefined;
}

/** How a secret looks in a form. @param value what the form holds @param set what the API says is set: the mask or empty */
export function secretField(value: string, set: string): SecretField {
  if (set !== secretMask) return { text: value, note: undefined, action: undefined };
  if (value === secretMask) return { text: "", note: "Set. Type to replace it.", action: "remove" };
  return { text: value, note: value === "" ? "Is removed when you save." : undefined, action: "keep" };
}

/** What the form holds after typing `text`: an input that was cleared again was not touched. */
export const secretTyped = (text: string, set: string): string => (text === "" && set === secretMask ? set : text);

const fieldValue = (value: VariableValue): string | boolean => (typeof value === "boolean" ? value : String(value));

/** The fields of a form: what is set already, else the game's defaults. */
export const fieldsOf = (variables: Variables, set: Record<string, VariableValue> = {}): FieldValues =>
  Object.fromEntries(
    Object.entries(variables).map(([name, variable]) => [name, fieldValue(set[name] ?? variable.default)]),
  );

/** Those of a template that a server has: one that came with a newer version comes to it by an update. */
export const settable = (variables: Variables, set: Record<string, VariableValue>): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => Object.hasOwn(set, name)));

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

// A pattern is for machines. Those that games use most are said in words; the others at least admit what is wrong.
const patternWords: Record<string, string> = {
  "^[!-~]*$": "use only letters, digits and signs, without spaces or accents",
  "^[!-~]+$": "use letters, digits and signs, without spaces or accents",
};

/** A fault as a sentence for people, who do not read patterns. */
export function faultText(fault: string): string {
  if (/^must (be true|not be empty) \(/.test(fault)) return "There is no server without this.";
  const pattern = /^must match (?<pattern>.+)$/.exec(fault)?.groups?.["pattern"];
  return sentence(pattern === undefined ? fault : (patternWords[pattern] ?? "has characters that cannot stand here"));
}

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
    if (fault) faults[`variables.${name}`] = faultText(fault);
  }
  return faults;
}

/** Only what differs from `set`, so that a form changes nothing that was not touched. */
export const changedValues = (
  values: Record<string, VariableValue>,
  set: Record<string, VariableValue>,
): Record<string, VariableValue> =>
  Object.fromEntries(Object.entries(values).filter(([name, value]) => !Object.is(value, set[name])));

/** How many settings a form shows at once where none stands under a heading: authors write the important ones first. */
const firstMax = 4;

interface Chapter {
  title: string;
  variables: Variables;
}

/**
 * The settings that most people want, and chapters to unfold: the author's headings, in his order; without any, all but
 * the first few are one chapter. One or two are not worth folding.
 */
export function chapters(variables: Variables): { first: Variables; folded: Chapter[] } {
  const entries = Object.entries(variables);
  const headed = Map.groupBy(
    entries.filter(([, { group }]) => group),
    ([, { group }]) => group!,
  );
  const titled = [...headed].map(([title, members]) => ({ title, variables: Object.fromEntries(members) }));
  if (titled.length > 0)
    return { first: Object.fromEntries(entries.filter(([, { group }]) => !group)), folded: titled };
  const cut = entries.length <= firstMax + 2 ? entries.length : firstMax;
  const [first, more] = [Object.fromEntries(entries.slice(0, cut)), Object.fromEntries(entries.slice(cut))];
  return { first, folded: cut < entries.length ? [{ title: "More settings", variables: more }] : [] };
}

/** Settings with every word of `text` in their label, description, heading, name or options; all for no text. */
export function matching(variables: Variables, text: string): Variables {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const hay = ([name, variable]: [string, Variable]): string => {
    const options = variable.type === "enum" ? variable.options.map((option) => optionLabel(variable, option)) : [];
    return [name, variable.label, variable.description, variable.group, ...options].join(" ").toLowerCase();
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry) => {
      const text = hay(entry);
      return words.every((word) => text.includes(word));
    }),
  );
}

/** What people read for an option. */
export const optionLabel = (variable: Extract<Variable, { type: "enum" }>, option: string): string =>
  variable.labels?.[option] ?? option;

/** The variables that follow the server's name, with that name where it may stand there. */
export const namesFrom = (variables: Variables, name: string): FieldValues =>
  Object.fromEntries(
    Object.entries(variables)
      .filter(([, variable]) => variable.type === "string" && variable.serverName && !variableFault(variable, name))
      .map(([key]) => [key, name]),
  );

/** Whether people have to say something themselves. */
export const asksForMore = (variables: Variables): boolean => Object.values(variables).some(isRequired);
