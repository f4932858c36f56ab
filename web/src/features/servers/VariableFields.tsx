import type { Variable } from "../../api/types.ts";
import type { FieldValues } from "../../lib/variables.ts";
import { SelectField, SwitchField, TextField } from "../../ui/fields.tsx";

interface Props {
  variables: Record<string, Variable>;
  values: FieldValues;
  faults: Record<string, string>;
  onChange: (name: string, value: string | boolean) => void;
}

/** A form made from a game's typed variables. */
export function VariableFields({ variables, values, faults, onChange }: Props) {
  return Object.entries(variables).map(([name, variable]) => (
    <VariableField
      key={name}
      name={name}
      variable={variable}
      value={values[name]}
      fault={faults[`variables.${name}`]}
      onChange={(value) => onChange(name, value)}
    />
  ));
}

function rangeOf(variable: Variable): string | undefined {
  if (variable.type !== "integer") return undefined;
  const { min, max } = variable;
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? undefined : `at most ${max}`;
}

interface FieldProps {
  name: string;
  variable: Variable;
  value: string | boolean | undefined;
  fault: string | undefined;
  onChange: (value: string | boolean) => void;
}

function VariableField({ name, variable, value, fault, onChange }: FieldProps) {
  const around = { label: variable.label, help: variable.description, fault };
  if (variable.type === "boolean")
    return <SwitchField {...around} checked={value === true} onCheckedChange={onChange} />;
  const input = {
    ...around,
    name,
    value: String(value ?? ""),
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  if (variable.type === "enum")
    return (
      <SelectField {...input}>
        {variable.options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </SelectField>
    );
  if (variable.type === "integer") {
    const help = [variable.description, rangeOf(variable)].filter(Boolean).join(" · ");
    return <TextField {...input} help={help} inputMode="numeric" autoComplete="off" className="max-w-48 font-mono" />;
  }
  return (
    <TextField
      {...input}
      type={variable.secret ? "password" : "text"}
      autoComplete={variable.secret ? "new-password" : "off"}
      spellCheck={false}
      maxLength={variable.maxLength}
    />
  );
}
