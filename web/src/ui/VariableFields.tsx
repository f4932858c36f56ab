import { isRequired } from "@playspawn/shared/games/variable-fault.ts";
import type { Variable } from "@playspawn/shared/games/game.ts";
import {
  isSecret,
  optionLabel,
  secretField,
  secretTyped,
  secretMask,
  type FieldValues,
  type VariableValue,
} from "../lib/variables.ts";
import { Button } from "./Button.tsx";
import { SelectField, SwitchField, TextField } from "./fields.tsx";

export interface VariablesProps {
  variables: Record<string, Variable>;
  values: FieldValues;
  /** What the server has now; nothing for a new one. */
  set?: Record<string, VariableValue>;
  faults: Record<string, string>;
  onChange: (name: string, value: string | boolean) => void;
}

/** A form made from a game's typed variables. */
export function VariableFields({ variables, values, set = {}, faults, onChange }: VariablesProps) {
  return Object.entries(variables).map(([name, variable]) => (
    <VariableField
      key={name}
      name={name}
      variable={variable}
      value={values[name]}
      set={set[name]}
      fault={faults[`variables.${name}`]}
      onChange={(value) => onChange(name, value)}
    />
  ));
}

function rangeOf({ min, max }: Extract<Variable, { type: "integer" }>): string | undefined {
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? undefined : `at most ${max}`;
}

interface FieldProps {
  name: string;
  variable: Variable;
  value: string | boolean | undefined;
  set: VariableValue | undefined;
  fault: string | undefined;
  onChange: (value: string | boolean) => void;
}

/** `0 for none; 0 to 1000.`: what the author says and what is allowed, in one sentence. */
const helpOf = (variable: Extract<Variable, { type: "integer" }>): string | undefined => {
  const range = rangeOf(variable);
  const said = variable.description?.replace(/\.$/, "");
  return said && range
    ? `${said}; ${range}.`
    : (said ?? (range && `${range.charAt(0).toUpperCase()}${range.slice(1)}.`));
};

function VariableField({ name, variable, value, set, fault, onChange }: FieldProps) {
  const around = { label: variable.label, help: variable.description, fault };
  const label = isRequired(variable) ? <Needed label={variable.label} /> : variable.label;
  if (variable.type === "boolean")
    return <SwitchField {...around} label={label} checked={value === true} onCheckedChange={onChange} />;
  const input = {
    ...around,
    name,
    value: String(value ?? ""),
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  if (variable.type === "enum")
    return (
      <SelectField {...input} beside>
        {variable.options.map((option) => (
          <option key={option} value={option}>
            {optionLabel(variable, option)}
          </option>
        ))}
      </SelectField>
    );
  if (variable.type === "integer") {
    return (
      <TextField
        {...input}
        help={helpOf(variable)}
        beside
        inputMode="numeric"
        autoComplete="off"
        className="max-w-48 font-mono @md:max-w-none"
      />
    );
  }
  if (isSecret(variable))
    return <SecretInput {...input} set={String(set ?? "")} made={variable.generate === true} onType={onChange} />;
  return (
    <TextField
      {...input}
      label={label}
      autoComplete="off"
      spellCheck={false}
      dir="auto"
      maxLength={variable.maxLength}
    />
  );
}

const Needed = ({ label }: { label: string }) => (
  <>
    {label} <span className="text-[0.8rem] font-normal text-deploying">needed</span>
  </>
);

interface SecretProps {
  label: string;
  help?: string | undefined;
  fault: string | undefined;
  name: string;
  value: string;
  set: string;
  /** Left empty, one is made up; there is always one. */
  made: boolean;
  onType: (value: string) => void;
}

const actionWords = { remove: "Remove", keep: "Keep the old one" };

/** Says whether a secret is set, and never shows its mask as if it were the value. */
function SecretInput({ value, set, made, onType, ...input }: SecretProps) {
  const { text, note, action } = secretField(value, set);
  return (
    <TextField
      {...input}
      type="password"
      autoComplete="new-password"
      spellCheck={false}
      value={text}
      placeholder={note ?? (made ? "Made up for you" : "Not set")}
      onChange={(event) => onType(secretTyped(event.target.value, set))}
      aside={
        action &&
        !(made && action === "remove") && (
          <Button
            size="small"
            look="ghost"
            className="-my-1.5"
            aria-label={`${actionWords[action]}: ${input.label}`}
            onClick={() => onType(action === "remove" ? "" : secretMask)}
          >
            {actionWords[action]}
          </Button>
        )
      }
    />
  );
}
