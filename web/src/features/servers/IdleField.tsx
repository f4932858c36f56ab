import { choicesWith, idleFromField, idleToField } from "../../lib/idle.ts";
import { idleText } from "@playspawn/shared/words/time.ts";
import { SelectField } from "../../ui/fields.tsx";

interface Props {
  seconds: number | null;
  fault?: string | undefined;
  onChange: (seconds: number | null) => void;
}

export function IdleField({ seconds, fault, onChange }: Props) {
  return (
    <SelectField
      label="Sleep when empty for"
      help="The world is saved first. Joining wakes it."
      name="idleSeconds"
      fault={fault}
      value={idleToField(seconds)}
      onChange={(event) => onChange(idleFromField(event.target.value))}
      className="max-w-64"
    >
      {choicesWith(seconds, idleText(seconds)).map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </SelectField>
  );
}
